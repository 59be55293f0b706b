//! Which pictures fit: the same questions in the words of either database.

use std::fmt::Write as _;

use super::plan::Plan;
use crate::index::cursor::Key;
use crate::index::document::{NEVER_MS, every};
use crate::index::search::{Range, Ranged, Search, Sort};
use crate::index::text::Part;
use crate::index::words::tenant_letters;
use crate::store::db::{Db, DbError, Kind, Row, Value};

/// Of terms that more pictures have, it is quicker to walk along an order and look at each picture than to collect all
/// that have them.
const MANY: i64 = 5_000;
/// So many are looked at on such a walk before all are collected after all.
const LONGEST_WALK: usize = 20_000;

/// A picture that fits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hit {
    pub(super) doc: i64,
    pub(super) image: String,
    pub(super) name: String,
    pub(super) format: String,
    pub(super) camera: Option<String>,
    pub(super) tags: String,
    pub(super) size_bytes: i64,
    pub(super) taken_ms: i64,
    pub(super) created_ms: i64,
    pub(super) colours: String,
    pub(super) words: String,
}

const COLUMNS: &str = "d.doc AS doc, d.image AS image, d.name AS name, d.format AS format, d.camera AS camera, d.tags AS tags, \
    d.size_bytes AS size_bytes, d.taken_ms AS taken_ms, d.created_ms AS created_ms, d.colours AS colours, d.words AS words";

impl Hit {
    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            doc: row.get("doc")?,
            image: row.get("image")?,
            name: row.get("name")?,
            format: row.get("format")?,
            camera: row.get("camera")?,
            tags: row.get("tags")?,
            size_bytes: row.get("size_bytes")?,
            taken_ms: row.get("taken_ms")?,
            created_ms: row.get("created_ms")?,
            colours: row.get("colours")?,
            words: row.get("words")?,
        })
    }

    /// What it is sorted by.
    pub(super) fn key(&self, sort: Sort) -> Key {
        match sort {
            Sort::Relevance | Sort::Newest | Sort::Oldest => Key::Number(self.doc),
            Sort::Name => Key::Text(self.name.clone()),
            Sort::Taken => Key::Number(self.taken_ms),
            Sort::Size => Key::Number(self.size_bytes),
        }
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
    sort: Sort,
    after: Option<&After>,
    most: usize,
) -> Result<Vec<Hit>, DbError> {
    let question = Question { kind: db.kind(), search, plan, order: Order::of(sort), after, most };
    let is_many = plan.most > MANY;
    let rows = match (db.kind(), question.order.column) {
        _ if !plan.has_terms() => question.ask(db, Way::Order).await?,
        (Kind::Sqlite, "doc") => question.ask(db, Way::Text).await?,
        (Kind::Postgres, "doc") if is_many => {
            let rows = question.ask(db, Way::Walk).await?;
            if rows.len() == most { rows } else { question.ask(db, Way::Text).await? }
        }
        _ if is_many => question.ask(db, Way::Order).await?,
        _ => question.ask(db, Way::Text).await?,
    };
    rows.iter().map(Hit::read).collect()
}

/// How a database is to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the terms to the pictures.
    Text,
    /// Along the order, each picture looked at.
    Order,
    /// The same, for so long only.
    Walk,
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
    most: usize,
}

impl Question<'_> {
    async fn ask(&self, db: &Db, way: Way) -> Result<Vec<Row>, DbError> {
        let mut sql = Sql::default();
        let text = match (self.kind, way) {
            (Kind::Sqlite, Way::Text) => self.sqlite_text(&mut sql),
            (Kind::Sqlite, Way::Order | Way::Walk) => self.sqlite_order(&mut sql),
            (Kind::Postgres, Way::Text) => self.postgres_text(&mut sql),
            (Kind::Postgres, Way::Order) => self.postgres_order(&mut sql),
            (Kind::Postgres, Way::Walk) => self.postgres_walk(&mut sql),
        };
        db.all(&text, &sql.0).await
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
            "SELECT {COLUMNS} FROM search_text CROSS JOIN search_docs AS d ON d.doc = search_text.rowid
            WHERE search_text MATCH {expression} AND {} {place} ORDER BY {order} LIMIT {}",
            self.conditions(sql),
            self.most
        )
    }

    fn sqlite_order(&self, sql: &mut Sql) -> String {
        let terms = if self.plan.has_terms() {
            let expression = sql.bind(fts5(self.plan, &self.search.tenant));
            format!(
                "AND EXISTS (SELECT 1 FROM search_text WHERE search_text MATCH {expression} AND rowid = d.doc)"
            )
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
            "SELECT {COLUMNS} FROM search_docs AS d WHERE {} {} {terms} ORDER BY {} LIMIT {}",
            self.conditions(sql),
            self.place("d.", self.order.column, sql),
            self.order.by("d."),
            self.most
        )
    }

    /// All that fit, then in order: without the fence the planner may walk along the order for a rare word.
    fn postgres_text(&self, sql: &mut Sql) -> String {
        format!(
            "WITH d AS MATERIALIZED (SELECT {COLUMNS} FROM search_docs AS d WHERE {} {} {}) SELECT * FROM d ORDER BY {} LIMIT {}",
            self.conditions(sql),
            self.place("d.", self.order.column, sql),
            self.postgres_terms(sql),
            self.order.by("d."),
            self.most
        )
    }

    fn postgres_walk(&self, sql: &mut Sql) -> String {
        let tenant = sql.bind(self.search.tenant.as_str());
        format!(
            "SELECT {COLUMNS} FROM (SELECT * FROM search_docs AS d WHERE d.tenant = {tenant} {} ORDER BY {} LIMIT {LONGEST_WALK}) AS d
            WHERE {} {} ORDER BY {} LIMIT {}",
            self.place("d.", self.order.column, sql),
            self.order.by("d."),
            self.conditions(sql),
            self.postgres_terms(sql),
            self.order.by("d."),
            self.most
        )
    }

    fn postgres_terms(&self, sql: &mut Sql) -> String {
        format!("AND d.terms @@ {}::text::tsquery", sql.bind(tsquery(self.plan, &self.search.tenant)))
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

/// The plan as PostgreSQL takes it.
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
    all.extend(plan.terms.iter().map(|term| any(term.any.iter().map(|one| part(&one.part)).collect())));
    if all.is_empty() {
        all.push(format!("'{letters}{}'", every()));
    }
    all.extend(plan.without.iter().map(|without| format!("!{}", part(without))));
    all.join(" & ")
}
