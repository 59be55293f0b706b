//! The index in the catalog's own database: FTS5 on SQLite, `tsvector` and `pg_trgm` on PostgreSQL.
//!
//! The databases answer which pictures fit; which fit best is reckoned by [`super::rank`] over the newest that do.

mod answer;
mod hits;
mod plan;
mod write;

pub(super) use answer::search;
pub(super) use write::{put, remove};

use super::looks;
use super::search::{Alike, SearchError};
use crate::catalog::images::Image;
use crate::store::db::{Db, Kind};
use crate::values;

/// Pictures that look like one. Of more than so many that may, some are not looked at.
const MOST_ALIKE: usize = 5_000;

pub(super) async fn similar(db: &Db, image: &Image, most: usize) -> Result<Vec<Alike>, SearchError> {
    let Some(hash) = image.phash else { return Ok(Vec::new()) };
    let quarters: Vec<String> = looks::neighbours(hash).iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT d.image AS image, d.phash AS phash FROM search_docs AS d
        WHERE d.tenant = $1 AND d.phash IS NOT NULL AND d.doc IN (
          SELECT doc FROM search_hashes WHERE tenant = $1 AND quarter IN ({}) LIMIT {MOST_ALIKE})",
        quarters.join(", ")
    );
    let mut alike = Vec::new();
    for row in db.all(&sql, values![&image.tenant]).await? {
        let found = Alike { image: row.get("image")?, distance: looks::distance(hash, row.get("phash")?) };
        if found.image != image.id && found.distance <= looks::FARTHEST {
            alike.push(found);
        }
    }
    alike.sort_by(|one, other| (one.distance, &other.image).cmp(&(other.distance, &one.image)));
    alike.truncate(most);
    Ok(alike)
}

/// The strings of a JSON list that is a parameter, as a query with the column `value`.
fn listed(kind: Kind, parameter: &str) -> String {
    match kind {
        Kind::Sqlite => format!("SELECT value FROM json_each({parameter})"),
        Kind::Postgres => format!("SELECT value FROM json_array_elements_text({parameter}::text::json)"),
    }
}
