//! Which pictures fit: the same questions in the words of either database.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde::Deserialize;

use super::plan::Plan;
use super::write::NUMBERS_BITS;
use crate::index::cursor::Key;
use crate::index::document::{NEVER_MS, array, every, pairs};
use crate::index::rank::{Alternative, Term};
use crate::index::search::{Range, Ranged, Search, Sort};
use crate::index::text::Part;
use crate::index::words::tenant_letters;
use crate::store::db::{Db, DbError, Kind, Row, Value};

/// Of terms that more pictures have, it is quicker to walk along an order and look at each picture than to collect all
/// that have them.
const MANY: i64 = 5_000;
/// So many are looked at first, which tells how many of all fit.
const PROBE: usize = 1_000;
/// What PostgreSQL needs to collect one that fits, in what it needs to look at one on a walk.
const COLLECTING: f64 = 5.0;

/// What is read of pictures that fit, besides their numbers: no more than that, for reading takes longer than finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
pub(super) struct Wanted {
    /// By what they are to be sorted, whichever are found first.
    pub(super) key: Sort,
    /// Which images they are.
    pub(super) images: bool,
    /// By what words rank them.
    pub(super) words: bool,
    /// By what colours do.
    pub(super) colours: bool,
    /// What facets count.
    pub(super) values: bool,
}

/// A picture that fits. What was not wanted of it is empty. Its fields are in the order in which queries give them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Hit {
    pub(super) doc: i64,
    /// What it is sorted by.
    pub(super) key: Key,
    pub(super) words: String,
    pub(super) colours: String,
    pub(super) format: String,
    pub(super) camera: Option<String>,
    pub(super) tags: String,
    pub(super) taken_ms: i64,
    pub(super) image: String,
}

/// The names that columns of a hit have in queries.
const COLUMNS: &str = "a, b, c, d, e, f, g, h, i";

impl Wanted {
    /// The columns of a hit, in the order of its fields, named as [`COLUMNS`] are.
    fn columns(self) -> String {
        let text = |is_wanted: bool, column: &'static str| if is_wanted { column } else { "''" };
        format!(
            "d.doc AS a, d.{} AS b, {} AS c, {} AS d, {} AS e, {} AS f, {} AS g, {} AS h, {} AS i",
            Order::of(self.key).column,
            text(self.words, "d.words"),
            text(self.colours, "d.colours"),
            text(self.values, "d.format"),
            text(self.values, "d.camera"),
            text(self.values, "d.tags"),
            if self.values { "d.taken_ms" } else { "CAST(0 AS BIGINT)" },
            text(self.images, "d.image"),
        )
    }
}

impl Hit {
    /// From a row with its columns.
    fn of_row(row: &Row, is_sorted_by_text: bool) -> Result<Self, DbError> {
        Ok(Self {
            doc: row.get("a")?,
            key: if is_sorted_by_text { Key::Text(row.get("b")?) } else { Key::Number(row.get("b")?) },
            words: row.get("c")?,
            colours: row.get("d")?,
            format: row.get("e")?,
            camera: row.get("f")?,
            tags: row.get("g")?,
            taken_ms: row.get("h")?,
            image: row.get("i")?,
        })
    }

    /// When it first came in: [`super::write`] makes numbers so.
    pub(super) fn created_ms(&self) -> i64 {
        self.doc >> NUMBERS_BITS
    }
}

/// Where to begin: after this picture.
#[derive(Debug, Clone)]
pub(super) struct After {
    pub(super) key: Key,
    pub(super) doc: i64,
}

/// The first pictures that fit, in an order, after a place in it.
pub(super) async fn hits(
    db: &Db,
    search: &Search,
    plan: &Plan,
    (sort, after): (Sort, Option<&After>),
    wanted: Wanted,
    most: usize,
) -> Result<Vec<Hit>, DbError> {
    let question = Question { kind: db.kind(), search, plan, order: Order::of(sort), after, wanted, most };
    let is_many = plan.most > MANY;
    let mut hits = match (db.kind(), question.order.column) {
        _ if !plan.has_terms() => question.ask(db, Way::Order).await?,
        (Kind::Sqlite, "doc") => question.ask(db, Way::Text).await?,
        (Kind::Postgres, "doc") if is_many => question.walk_or_collect(db).await?,
        _ if is_many => question.ask(db, Way::Order).await?,
        _ => question.ask(db, Way::Text).await?,
    };
    // SQLite does not promise to aggregate in the order of the inner query.
    hits.sort_by(|one, other| question.order.compare(one, other));
    Ok(hits)
}

/// How a database is to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the terms to the pictures.
    Text,
    /// Along the order, each picture looked at.
    Order,
    /// The same, for so many only.
    Walk(usize),
}

/// An order as SQL has it.
#[derive(Debug, Clone, Copy)]
struct Order {
    column: &'static str,
    is_descending: bool,
}

impl Order {
    fn of(sort: Sort) -> Self {
        let (column, is_descending) = match sort {
            Sort::Relevance | Sort::Newest => ("doc", true),
            Sort::Oldest => ("doc", false),
            Sort::Name => ("name", false),
            Sort::Taken => ("taken_ms", true),
            Sort::Size => ("size_bytes", true),
        };
        Self { column, is_descending }
    }

    fn compare(self, one: &Hit, other: &Hit) -> Ordering {
        let docs = one.doc.cmp(&other.doc);
        let order = if self.column == "doc" { docs } else { one.key.cmp(&other.key).then(docs) };
        if self.is_descending { order.reverse() } else { order }
    }

    /// By the columns of hits, whose second one is what they are sorted by.
    fn of_hits(self) -> &'static str {
        match (self.column, self.is_descending) {
            ("doc", true) => "a DESC",
            ("doc", false) => "a ASC",
            (_, true) => "b DESC, a DESC",
            (_, false) => "b ASC, a ASC",
        }
    }

    fn by(self, table: &str) -> String {
        let way = if self.is_descending { "DESC" } else { "ASC" };
        match self.column {
            "doc" => format!("{table}doc {way}"),
            column => format!("{table}{column} {way}, {table}doc {way}"),
        }
    }
}

struct Question<'a> {
    kind: Kind,
    search: &'a Search,
    plan: &'a Plan,
    order: Order,
    after: Option<&'a After>,
    wanted: Wanted,
    most: usize,
}

impl Question<'_> {
    /// A short walk tells how dense they are, and so what is quicker: a walk to the last that is wanted, or to collect all.
    async fn walk_or_collect(&self, db: &Db) -> Result<Vec<Hit>, DbError> {
        let probed = self.ask(db, Way::Walk(PROBE)).await?;
        #[expect(clippy::cast_precision_loss, reason = "numbers of pictures")]
        let (found, most, probe, all) =
            (probed.len() as f64, self.most as f64, PROBE as f64, self.plan.all as f64);
        if probed.len() == self.most || all <= probe {
            return Ok(probed);
        }
        // Half as long again, since pictures of a kind come together.
        let walk = probe * (most / found.max(1.0)) * 1.5;
        if walk.min(all) > found / probe * all * COLLECTING {
            return self.ask(db, Way::Text).await;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of pictures")]
        // One of a few lengths, each of which is a statement that was planned before.
        let longest = (walk as usize).next_power_of_two().min(self.plan.all.unsigned_abs() as usize);
        let walked = self.ask(db, Way::Walk(longest)).await?;
        let is_enough = walked.len() == self.most || longest as u64 == self.plan.all.unsigned_abs();
        if is_enough { Ok(walked) } else { self.ask(db, Way::Text).await }
    }

    async fn ask(&self, db: &Db, way: Way) -> Result<Vec<Hit>, DbError> {
        let mut sql = Sql::default();
        match self.kind {
            Kind::Sqlite => {
                let text =
                    if way == Way::Text { self.sqlite_text(&mut sql) } else { self.sqlite_order(&mut sql) };
                in_one_row(db, &text, &sql.0).await
            }
            Kind::Postgres => {
                let text = match way {
                    Way::Text => self.postgres_text(&mut sql),
                    Way::Order => self.postgres_order(&mut sql),
                    Way::Walk(longest) => self.postgres_walk(longest, &mut sql),
                };
                let is_sorted_by_text = Order::of(self.wanted.key).column == "name";
                let rows = db.all(&text, &sql.0).await?;
                rows.iter().map(|row| Hit::of_row(row, is_sorted_by_text)).collect()
            }
        }
    }

    /// FTS5 gives its rows by their number, in either direction, as they are asked for.
    fn sqlite_text(&self, sql: &mut Sql) -> String {
        let expression = sql.bind(fts5(self.plan, &self.search.tenant));
        let (place, order) = match self.order.column {
            "doc" => (
                self.place("search_text.row", "id", sql),
                self.order.by("search_text.row").replace("rowdoc", "rowid"),
            ),
            column => (self.place("d.", column, sql), self.order.by("d.")),
        };
        format!(
            "SELECT {} FROM search_text CROSS JOIN search_docs AS d ON d.doc = search_text.rowid
            WHERE search_text MATCH {expression} AND {} {place} ORDER BY {order} LIMIT {}",
            self.wanted.columns(),
            self.conditions(sql),
            self.most
        )
    }

    /// Along the order, by whether a picture is among all that have the terms. The plus keeps SQLite from beginning with
    /// these, which it would then have to sort.
    fn sqlite_order(&self, sql: &mut Sql) -> String {
        let terms = if self.plan.has_terms() {
            let expression = sql.bind(fts5(self.plan, &self.search.tenant));
            format!("AND +d.doc IN (SELECT rowid FROM search_text WHERE search_text MATCH {expression})")
        } else {
            String::new()
        };
        self.along(sql, &terms)
    }

    fn postgres_order(&self, sql: &mut Sql) -> String {
        let terms = if self.plan.has_terms() { self.postgres_terms(sql) } else { String::new() };
        self.along(sql, &terms)
    }

    fn along(&self, sql: &mut Sql, terms: &str) -> String {
        format!(
            "SELECT {} FROM search_docs AS d WHERE {} {} {terms} ORDER BY {} LIMIT {}",
            self.wanted.columns(),
            self.conditions(sql),
            self.place("d.", self.order.column, sql),
            self.order.by("d."),
            self.most
        )
    }

    /// All that fit, and then the first in order: without the fence the planner may walk along the order for a rare word. What
    /// is wanted is read with them, for to come back to a row costs as much as to find it.
    fn postgres_text(&self, sql: &mut Sql) -> String {
        format!(
            "WITH m AS MATERIALIZED (SELECT {} FROM search_docs AS d WHERE {} {} {})
            SELECT m.* FROM m ORDER BY {} LIMIT {}",
            self.wanted.columns(),
            self.conditions(sql),
            self.place("d.", self.order.column, sql),
            self.postgres_terms(sql),
            self.order.of_hits(),
            self.most,
        )
    }

    fn postgres_walk(&self, longest: usize, sql: &mut Sql) -> String {
        let tenant = sql.bind(self.search.tenant.as_str());
        format!(
            "SELECT {} FROM (SELECT * FROM search_docs AS d WHERE d.tenant = {tenant} {} ORDER BY {} LIMIT {longest}) AS d
            WHERE {} {} ORDER BY {} LIMIT {}",
            self.wanted.columns(),
            self.place("d.", self.order.column, sql),
            self.order.by("d."),
            self.conditions(sql),
            self.postgres_terms(sql),
            self.order.by("d."),
            self.most
        )
    }

    fn postgres_terms(&self, sql: &mut Sql) -> String {
        let (query, pairs) = (tsquery(self.plan, &self.search.tenant), pairs_of_phrases(self.plan));
        let mut text = String::new();
        if !pairs.is_empty() {
            let _ = write!(text, "AND d.pairs @> {}::text::int4[] ", sql.bind(array(&pairs)));
        }
        if !query.is_empty() {
            let _ = write!(text, "AND d.terms @@ {}::text::tsquery", sql.bind(query));
        }
        text
    }

    /// The tenant, always, and limits of numbers.
    fn conditions(&self, sql: &mut Sql) -> String {
        let mut text = format!("d.tenant = {}", sql.bind(self.search.tenant.as_str()));
        for Range { of, from, to } in &self.search.ranges {
            let column = of.column();
            // Of which nobody knows the time is not before any.
            let from = from.or((*of == Ranged::Taken).then_some(NEVER_MS + 1));
            for (sign, bound) in [(">=", from), ("<=", *to)] {
                if let Some(bound) = bound {
                    let _ = write!(text, " AND d.{column} {sign} {}", sql.bind(bound));
                }
            }
        }
        text
    }

    /// What comes after the last page.
    fn place(&self, table: &str, column: &str, sql: &mut Sql) -> String {
        let Some(After { key, doc }) = self.after else { return String::new() };
        let sign = if self.order.is_descending { "<" } else { ">" };
        let doc = sql.bind(*doc);
        match (self.order.column, key) {
            ("doc", _) => format!("AND {table}{column} {sign} {doc}"),
            (_, Key::Number(key)) => {
                format!("AND ({table}{column}, {table}doc) {sign} ({}, {doc})", sql.bind(*key))
            }
            (_, Key::Text(key)) => {
                format!("AND ({table}{column}, {table}doc) {sign} ({}, {doc})", sql.bind(key.as_str()))
            }
        }
    }
}

/// Hundreds of rows go from SQLite's thread to ours one by one, which takes longer than finding them: here they are one.
async fn in_one_row(db: &Db, text: &str, values: &[Value]) -> Result<Vec<Hit>, DbError> {
    let text = format!("SELECT json_group_array(json_array({COLUMNS})) AS hits FROM ({text})");
    let row = db.first(&text, values).await?;
    let hits: String = row.map_or(Ok("[]".to_owned()), |row| row.get("hits"))?;
    serde_json::from_str(&hits).map_err(DbError::of_json)
}

/// The parameters of a query, in order.
#[derive(Debug, Default)]
struct Sql(Vec<Value>);

impl Sql {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}

/// The plan as FTS5 takes it. Terms are letters, digits and signs for private use only, so nothing in quotes can end them.
fn fts5(plan: &Plan, tenant: &str) -> String {
    let letters = tenant_letters(tenant);
    let part = |part: &Part| {
        let words: Vec<String> = part.words.iter().map(|word| format!("{letters}{word}")).collect();
        format!("\"{}\"{}", words.join(" "), if part.is_prefix { "*" } else { "" })
    };
    let any = |parts: Vec<String>| format!("({})", parts.join(" OR "));
    let mut all: Vec<String> = plan
        .facts
        .iter()
        .map(|facts| any(facts.iter().map(|fact| format!("\"{letters}{fact}\"")).collect()))
        .collect();
    all.extend(plan.terms.iter().map(|term| any(term.any.iter().map(|one| part(&one.part)).collect())));
    if all.is_empty() {
        all.push(format!("\"{letters}{}\"", every()));
    }
    let all = all.join(" AND ");
    if plan.without.is_empty() {
        return all;
    }
    format!("({all}) NOT {}", any(plan.without.iter().map(part).collect()))
}

/// The pairs of words that every picture has which has the plan's phrases.
fn pairs_of_phrases(plan: &Plan) -> Vec<i32> {
    let of = |term: &Term| match term.any.as_slice() {
        // The last word may be a beginning only.
        [Alternative { part, .. }] => {
            let whole = part.words.len() - usize::from(part.is_prefix && !part.words.is_empty());
            pairs(part.words.get(..whole).unwrap_or_default()).collect()
        }
        _ => Vec::new(),
    };
    plan.terms.iter().flat_map(of).collect()
}

/// Whether it is two whole words in a row: a pair says all of that, and the planner would rather look for the words.
fn is_pair(term: &Term) -> bool {
    matches!(term.any.as_slice(), [Alternative { part, .. }] if part.words.len() == 2 && !part.is_prefix)
}

/// The plan as PostgreSQL takes it, without what its pairs say.
fn tsquery(plan: &Plan, tenant: &str) -> String {
    let letters = tenant_letters(tenant);
    let part = |part: &Part| {
        let mut words: Vec<String> = part.words.iter().map(|word| format!("'{letters}{word}'")).collect();
        if let Some(last) = words.last_mut().filter(|_| part.is_prefix) {
            last.push_str(":*");
        }
        format!("({})", words.join(" <-> "))
    };
    let any = |parts: Vec<String>| format!("({})", parts.join(" | "));
    let mut all: Vec<String> = plan
        .facts
        .iter()
        .map(|facts| any(facts.iter().map(|fact| format!("'{letters}{fact}'")).collect()))
        .collect();
    let others = plan.terms.iter().filter(|term| !is_pair(term));
    all.extend(others.map(|term| any(term.any.iter().map(|one| part(&one.part)).collect())));
    if all.is_empty() && !plan.terms.iter().any(is_pair) {
        all.push(format!("'{letters}{}'", every()));
    }
    all.extend(plan.without.iter().map(|without| format!("!{}", part(without))));
    all.join(" & ")
}
