//! What a question becomes once it is known which of its words there are.

use std::collections::{BTreeMap, HashMap};

use super::listed;
use crate::index::document::every;
use crate::index::near::{distance, most_mistakes, pieces};
use crate::index::rank::{Alternative, Term, rarity};
use crate::index::search::Search;
use crate::index::text::{Part, Text};
use crate::store::db::{Db, DbError, Kind, Row};
use crate::values;

/// So many terms that look like a word are measured.
const MOST_NEAR: usize = 5_000;
/// And so many of them are looked for.
const MOST_ALTERNATIVES: usize = 5;
/// So many terms with a beginning are counted.
const MOST_BEGINNINGS: usize = 2_000;
/// So many words of a question are corrected.
const MOST_CORRECTED: usize = 4;
/// What each mistake leaves of a word's worth.
const LIKENESS: f64 = 0.6;

/// What the databases are asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// All of these …
    pub(super) terms: Vec<Term>,
    /// … none of these …
    pub(super) without: Vec<Part>,
    /// … and of each list at least one.
    pub(super) facts: Vec<Vec<String>>,
    /// So many pictures the tenant has.
    pub(super) all: i64,
    /// So many pictures fit at most, as far as counts of terms tell.
    pub(super) most: i64,
    /// Whether it is so many, and not fewer.
    pub(super) most_is_exact: bool,
    /// What was corrected.
    pub(super) instead: BTreeMap<String, Vec<String>>,
}

impl Plan {
    /// Whether any term decides which pictures fit.
    pub(super) fn has_terms(&self) -> bool {
        !self.terms.is_empty() || !self.without.is_empty() || !self.facts.is_empty()
    }

    /// Makes one of a question. `again` is what its first page looked for.
    pub(super) async fn make(db: &Db, search: &Search, again: Option<&[Term]>) -> Result<Self, DbError> {
        let (tenant, text) = (&search.tenant, search.text.clone().unwrap_or_default());
        let mut counts = Counts::read(db, search, again).await?;
        let all = counts.of(&every());
        let mut plan = Self {
            terms: Vec::new(),
            without: text.without,
            facts: Vec::new(),
            all,
            most: if search.text.as_ref().is_some_and(Text::is_empty) { 0 } else { all },
            most_is_exact: true,
            instead: BTreeMap::new(),
        };
        match again {
            Some(terms) => plan.terms = terms.to_vec(),
            None => {
                for part in text.with {
                    if plan.most == 0 {
                        break;
                    }
                    let term = plan.look_for(db, tenant, part, &mut counts, all).await?;
                    if term.any.is_empty() {
                        plan.most = 0;
                    }
                    plan.terms.push(term);
                }
            }
        }
        for term in plan.terms.clone() {
            let mut with = 0;
            for one in &term.any {
                with += counts.of_part(db, tenant, &one.part).await?;
            }
            plan.narrow(with);
        }
        for facts in &search.facts {
            // What no picture has need not be asked for.
            let facts: Vec<String> = facts.iter().filter(|fact| counts.of(fact) > 0).cloned().collect();
            plan.narrow(facts.iter().map(|fact| counts.of(fact)).sum());
            plan.facts.push(facts);
        }
        plan.most_is_exact = search.ranges.is_empty()
            && search.colour.is_none()
            && (!plan.has_terms() || plan.most == 0 || plan.is_one_fact());
        Ok(plan)
    }

    fn is_one_fact(&self) -> bool {
        let [facts] = self.facts.as_slice() else { return false };
        self.terms.is_empty() && self.without.is_empty() && facts.len() == 1
    }

    fn narrow(&mut self, with: i64) {
        self.most = self.most.min(with);
    }

    /// The term of a part: what was written where some picture has it, else what may have been meant.
    async fn look_for(
        &mut self,
        db: &Db,
        tenant: &str,
        part: Part,
        counts: &mut Counts,
        all: i64,
    ) -> Result<Term, DbError> {
        let with = counts.of_part(db, tenant, &part).await?;
        if with == 0 && (part.words.len() > 1 || self.instead.len() == MOST_CORRECTED) {
            return Ok(Term { any: Vec::new(), weight: 0.0 });
        }
        if let ([word], 0) = (part.words.as_slice(), with) {
            let near = near(db, tenant, word).await?;
            if near.is_empty() {
                return Ok(Term { any: Vec::new(), weight: 0.0 });
            }
            {
                self.instead.insert(word.clone(), near.iter().map(|(word, ..)| word.clone()).collect());
                let with = near.iter().map(|(.., docs)| docs).sum();
                counts.add(near.iter().map(|(word, _, docs)| (word.clone(), *docs)));
                let alternative = |(word, mistakes, _): (String, i32, i64)| Alternative {
                    part: Part { words: vec![word], is_prefix: false },
                    likeness: LIKENESS.powi(mistakes),
                };
                return Ok(Term {
                    any: near.into_iter().map(alternative).collect(),
                    weight: rarity(with, all),
                });
            }
        }
        Ok(Term { any: vec![Alternative { part, likeness: 1.0 }], weight: rarity(with, all) })
    }
}

/// In how many of a tenant's pictures terms are.
struct Counts(HashMap<String, i64>);

impl Counts {
    /// Reads those of every term of a question at once.
    async fn read(db: &Db, search: &Search, again: Option<&[Term]>) -> Result<Self, DbError> {
        let parts = search.text.iter().flat_map(|text| &text.with);
        let again = again.unwrap_or_default().iter().flat_map(|term| &term.any).map(|one| &one.part);
        let words = parts.chain(again).flat_map(|part| &part.words);
        let mut terms: Vec<&String> = words.chain(search.facts.iter().flatten()).collect();
        let every = every();
        terms.push(&every);
        // A join in this order: each term that is asked for is looked up by the index over tenant and term.
        let sql = format!(
            "SELECT t.term AS term, t.docs AS docs FROM ({}) AS asked CROSS JOIN search_terms AS t
            WHERE t.tenant = $1 AND t.term = asked.value",
            listed(db.kind(), "$2")
        );
        let list = serde_json::to_string(&terms).unwrap_or_default();
        let rows = db.all(&sql, values![&search.tenant, list]).await?;
        let count = |row: &Row| Ok((row.get("term")?, row.get("docs")?));
        Ok(Self(rows.iter().map(count).collect::<Result<_, DbError>>()?))
    }

    fn of(&self, term: &str) -> i64 {
        self.0.get(term).copied().unwrap_or(0)
    }

    fn add(&mut self, counts: impl Iterator<Item = (String, i64)>) {
        self.0.extend(counts);
    }

    /// At most so many pictures have these words.
    async fn of_part(&mut self, db: &Db, tenant: &str, part: &Part) -> Result<i64, DbError> {
        let Some((last, before)) = part.words.split_last() else { return Ok(0) };
        let mut most = before.iter().map(|word| self.of(word)).min().unwrap_or(i64::MAX);
        let with_last =
            if part.is_prefix { self.of_beginning(db, tenant, last).await? } else { self.of(last) };
        most = most.min(with_last);
        Ok(most)
    }

    async fn of_beginning(&mut self, db: &Db, tenant: &str, beginning: &str) -> Result<i64, DbError> {
        let key = format!("{beginning}*");
        if let Some(known) = self.0.get(&key) {
            return Ok(*known);
        }
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(docs), 0) AS BIGINT) AS docs FROM (
              SELECT docs FROM search_terms WHERE tenant = $1 AND term >= $2 AND term < $3 LIMIT {MOST_BEGINNINGS}) AS t"
        );
        // The last character there is: nothing that begins so comes after it.
        let end = format!("{beginning}\u{10FFFF}");
        let row = db.first(&sql, values![tenant, beginning, end]).await?;
        let docs: i64 = row.map_or(Ok(0), |row| row.get("docs"))?;
        self.0.insert(key, docs);
        Ok(docs)
    }
}

/// Terms that a word may have been meant to be, each with its mistakes and in how many pictures it is: the nearest first.
async fn near(db: &Db, tenant: &str, word: &str) -> Result<Vec<(String, i32, i64)>, DbError> {
    let most = most_mistakes(word.chars().count());
    if most == 0 {
        return Ok(Vec::new());
    }
    let mut near = Vec::new();
    for (term, docs) in alike(db, tenant, word, most).await? {
        if let Some(mistakes) = distance(word, &term, most) {
            near.push((term, i32::try_from(mistakes).unwrap_or(0), docs));
        }
    }
    // A nearer word is meant rather than a frequent one.
    near.sort_by(|(one, mistakes, docs), (other, their_mistakes, their_docs)| {
        (mistakes, their_docs, one).cmp(&(their_mistakes, docs, other))
    });
    near.truncate(MOST_ALTERNATIVES);
    Ok(near)
}

/// Terms of about a word's length that have a piece of it, each with in how many pictures it is.
async fn alike(db: &Db, tenant: &str, word: &str, most: usize) -> Result<Vec<(String, i64)>, DbError> {
    let letters = word.chars().count();
    let (from, to) = (letters.saturating_sub(most), letters + most);
    let pieces = pieces(word, most);
    let mut values = vec![tenant.into()];
    let sql = match db.kind() {
        Kind::Sqlite => {
            let any: Vec<String> = pieces.iter().map(|piece| format!("\"{piece}\"")).collect();
            values.push(any.join(" OR ").into());
            format!(
                "SELECT json_group_array(json_array(term, docs)) AS alike FROM (
                  SELECT t.term AS term, t.docs AS docs
                  FROM search_near AS n CROSS JOIN search_terms AS t ON t.id = n.rowid
                  WHERE search_near MATCH $2 AND t.tenant = $1 AND length(t.term) BETWEEN {from} AND {to}
                  LIMIT {MOST_NEAR})"
            )
        }
        Kind::Postgres => {
            values.extend(pieces.iter().map(|piece| like(piece).into()));
            let any: Vec<String> = (2..=values.len()).map(|number| format!("term LIKE ${number}")).collect();
            format!(
                "SELECT COALESCE(json_agg(json_build_array(term, docs)), '[]')::text AS alike FROM (
                  SELECT term, docs FROM search_terms
                  WHERE tenant = $1 AND ({}) AND length(term) BETWEEN {from} AND {to}
                    AND length(term) BETWEEN 3 AND 40 AND ascii(term) <> 57344
                  LIMIT {MOST_NEAR}) AS t",
                any.join(" OR ")
            )
        }
    };
    let row = db.first(&sql, &values).await?;
    let alike: String = row.map_or(Ok("[]".to_owned()), |row| row.get("alike"))?;
    serde_json::from_str(&alike).map_err(DbError::of_json)
}

/// A piece as a pattern. Words have letters and digits only, so nothing in it means more.
fn like(piece: &str) -> String {
    let before = if piece.starts_with(' ') { "" } else { "%" };
    let after = if piece.ends_with(' ') { "" } else { "%" };
    format!("{before}{}{after}", piece.trim())
}
