//! One database of two kinds: SQLite for one machine, PostgreSQL for more.
//!
//! Queries are written once, in what both understand, with `$1` for parameters; where they must differ, [`Db::kind`]
//! tells. sqlx's own `Any` driver has neither the types nor the transactions that this needs.
//!
//! SQLite has one writer at a time. Here that is one connection, and its transactions begin by taking the lock
//! (`BEGIN IMMEDIATE`): one that first reads and then finds that it may not write could only start over.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteQueryResult,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, Executor as _, PgConnection, PgPool, Row as _, SqliteConnection, SqlitePool, Transaction,
};

use super::migrate;

/// Whoever waits longer for a connection or for the writer's lock is told that it failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
#[error("the database: {0}")]
pub struct DbError(#[from] sqlx::Error);

impl DbError {
    /// Of JSON that the database made, and that is not what was asked for.
    pub fn of_json(error: serde_json::Error) -> Self {
        Self(sqlx::Error::Decode(Box::new(error)))
    }

    /// Whether a row like it was there already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(&self.0, sqlx::Error::Database(error) if error.is_unique_violation())
    }
}

/// Which kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// The database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Db(Pools);

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

/// A transaction. Dropped, it never was.
#[derive(Debug)]
pub struct Tx(Either<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>);

/// A row of an answer.
#[derive(Debug)]
pub struct Row(Either<SqliteRow, PgRow>);

#[derive(Debug)]
enum Either<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `TEXT`
    Text(Option<String>),
    /// `BIGINT`
    Int(Option<i64>),
    /// `DOUBLE PRECISION`
    Real(Option<f64>),
}

/// What a column can be read as.
pub trait Column:
    for<'r> sqlx::Decode<'r, Sqlite>
    + sqlx::Type<Sqlite>
    + for<'r> sqlx::Decode<'r, Postgres>
    + sqlx::Type<Postgres>
{
}

impl<T> Column for T where
    T: for<'r> sqlx::Decode<'r, Sqlite>
        + sqlx::Type<Sqlite>
        + for<'r> sqlx::Decode<'r, Postgres>
        + sqlx::Type<Postgres>
{
}

/// A list of parameters, of whatever can become a [`Value`].
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::db::Value::from($value)),*] };
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(Some(i64::from(number)))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(Some(i64::from(flag)))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(Some(number))
    }
}

/// Binds the values and runs the query by `$method` on whichever kind it is.
macro_rules! run {
    ($on:expr, $sql:expr, $values:expr, $method:ident) => {
        match $on {
            Either::Sqlite(on) => bound_sqlite($sql, $values).$method(on).await.map(Either::Sqlite),
            Either::Postgres(on) => bound_postgres($sql, $values).$method(on).await.map(Either::Postgres),
        }
    };
}

impl Db {
    /// Opens `sqlite:<file>` (made where there is none) or `postgres://…`, and brings its tables up to date.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        let db = Self::connect(url).await?;
        migrate::up(&db).await?;
        Ok(db)
    }

    /// Connects, and changes nothing.
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        Ok(Self(if url.starts_with("sqlite:") { sqlite(url).await? } else { postgres(url).await? }))
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        match &self.0 {
            Pools::Sqlite { .. } => Kind::Sqlite,
            Pools::Postgres(_) => Kind::Postgres,
        }
    }

    /// Every row of an answer.
    pub async fn all(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        Ok(every(run!(self.readers(), sql, values, fetch_all)?))
    }

    /// The first row of an answer, if it has any.
    pub async fn first(&self, sql: &str, values: &[Value]) -> Result<Option<Row>, DbError> {
        Ok(one(run!(self.readers(), sql, values, fetch_optional)?))
    }

    /// Changes something, in a transaction of its own; answers how many rows.
    pub async fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, DbError> {
        Ok(affected(&run!(self.writers(), sql, values, execute)?))
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(Tx(match &self.0 {
            Pools::Sqlite { writer, .. } => Either::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Either::Postgres(pool.begin().await?),
        }))
    }

    /// Closes all connections; SQLite writes its log back into the file.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    fn readers(&self) -> Either<&SqlitePool, &PgPool> {
        match &self.0 {
            Pools::Sqlite { readers, .. } => Either::Sqlite(readers),
            Pools::Postgres(pool) => Either::Postgres(pool),
        }
    }

    fn writers(&self) -> Either<&SqlitePool, &PgPool> {
        match &self.0 {
            Pools::Sqlite { writer, .. } => Either::Sqlite(writer),
            Pools::Postgres(pool) => Either::Postgres(pool),
        }
    }
}

impl Tx {
    /// Every row of an answer.
    pub async fn all(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        Ok(every(run!(self.connection(), sql, values, fetch_all)?))
    }

    /// The first row of an answer, if it has any.
    pub async fn first(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, DbError> {
        Ok(one(run!(self.connection(), sql, values, fetch_optional)?))
    }

    /// Changes something; answers how many rows.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, DbError> {
        Ok(affected(&run!(self.connection(), sql, values, execute)?))
    }

    /// Which kind of database it is of.
    pub fn kind(&self) -> Kind {
        match &self.0 {
            Either::Sqlite(_) => Kind::Sqlite,
            Either::Postgres(_) => Kind::Postgres,
        }
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), DbError> {
        match self.0 {
            Either::Sqlite(tx) => tx.commit().await?,
            Either::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Runs a script of several statements as it is.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<(), DbError> {
        match self.connection() {
            Either::Sqlite(on) => sqlx::raw_sql(sql).execute(on).await.map(|_| ())?,
            Either::Postgres(on) => sqlx::raw_sql(sql).execute(on).await.map(|_| ())?,
        }
        Ok(())
    }

    fn connection(&mut self) -> Either<&mut SqliteConnection, &mut PgConnection> {
        match &mut self.0 {
            Either::Sqlite(tx) => Either::Sqlite(&mut **tx),
            Either::Postgres(tx) => Either::Postgres(&mut **tx),
        }
    }
}

impl Row {
    /// A column by its name; where it may be NULL, `T` is an `Option`.
    pub fn get<T: Column>(&self, name: &str) -> Result<T, DbError> {
        Ok(match &self.0 {
            Either::Sqlite(row) => row.try_get(name)?,
            Either::Postgres(row) => row.try_get(name)?,
        })
    }
}

fn every(rows: Either<Vec<SqliteRow>, Vec<PgRow>>) -> Vec<Row> {
    match rows {
        Either::Sqlite(rows) => rows.into_iter().map(|row| Row(Either::Sqlite(row))).collect(),
        Either::Postgres(rows) => rows.into_iter().map(|row| Row(Either::Postgres(row))).collect(),
    }
}

fn one(row: Either<Option<SqliteRow>, Option<PgRow>>) -> Option<Row> {
    match row {
        Either::Sqlite(row) => row.map(|row| Row(Either::Sqlite(row))),
        Either::Postgres(row) => row.map(|row| Row(Either::Postgres(row))),
    }
}

fn affected(done: &Either<SqliteQueryResult, PgQueryResult>) -> u64 {
    match done {
        Either::Sqlite(done) => done.rows_affected(),
        Either::Postgres(done) => done.rows_affected(),
    }
}

fn bound_sqlite(sql: &str, values: &[Value]) -> Query<'static, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    values.iter().cloned().fold(query, |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::Real(number) => query.bind(number),
    })
}

fn bound_postgres(sql: &str, values: &[Value]) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    values.iter().cloned().fold(query, |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::Real(number) => query.bind(number),
    })
}

async fn sqlite(url: &str) -> Result<Pools, sqlx::Error> {
    const READERS: u32 = 4;
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What is acknowledged must outlive a loss of power: NORMAL may lose the last commits.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        .pragma("cache_size", "-32768")
        .pragma("mmap_size", "268435456");
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_with(options.clone())
        .await?;
    let readers = SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(PATIENCE);
    Ok(Pools::Sqlite { readers: readers.connect_with(options.read_only(true)).await?, writer })
}

async fn postgres(url: &str) -> Result<Pools, sqlx::Error> {
    const CONNECTIONS: u32 = 16;
    /// Every query of ours takes milliseconds: to compile one, or to start workers for it, takes longer than it does. Said
    /// afterwards, since poolers in between refuse what they do not know when a connection begins.
    const SHORT_QUERIES: &str = "SET jit = off; SET max_parallel_workers_per_gather = 0";
    let options = PgConnectOptions::from_str(url)?.application_name("lenslet-origin");
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = pool.after_connect(|connection, _| {
        Box::pin(async move { connection.execute(SHORT_QUERIES).await.map(|_| ()) })
    });
    Ok(Pools::Postgres(pool.connect_with(options).await?))
}
