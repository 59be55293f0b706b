//! Putting pictures in and taking them out, in the transaction that changes the catalog.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::listed;
use crate::catalog::images::Image;
use crate::index::document::{Document, NEVER_MS, terms_of_columns};
use crate::index::looks;
use crate::store::db::{DbError, Kind, Tx};
use crate::values;

/// How many numbers there are for the pictures of a millisecond.
pub(super) const NUMBERS_BITS: u32 = 20;

/// What the index has of a picture.
struct Kept {
    doc: i64,
    terms: Vec<String>,
}

/// Puts a picture in, or all of it anew.
pub(in crate::index) async fn put(tx: &mut Tx, image: &Image) -> Result<(), DbError> {
    const TEXT: &str = "INSERT INTO search_text (rowid, words, facts) VALUES ($1, $2, $3)";
    let document = Document::of(image);
    let kept = find(tx, &image.id).await?;
    let doc = match &kept {
        Some(kept) => kept.doc,
        None => free_number(tx, image).await?,
    };
    write_row(tx, doc, image, &document).await?;
    if tx.kind() == Kind::Sqlite {
        if kept.is_some() {
            tx.execute("DELETE FROM search_text WHERE rowid = $1", values![doc]).await?;
        }
        tx.execute(TEXT, values![doc, document.text(), document.facts_text()]).await?;
    }
    write_hash(tx, doc, image, kept.is_some()).await?;
    let old = kept.map(|kept| kept.terms).unwrap_or_default();
    recount(tx, &image.tenant, &old, &document.terms()).await
}

/// Takes a picture out, if it is in.
pub(in crate::index) async fn remove(tx: &mut Tx, image: &str) -> Result<(), DbError> {
    let Some(kept) = find(tx, image).await? else { return Ok(()) };
    let row = tx.first("DELETE FROM search_docs WHERE doc = $1 RETURNING tenant", values![kept.doc]).await?;
    if tx.kind() == Kind::Sqlite {
        tx.execute("DELETE FROM search_text WHERE rowid = $1", values![kept.doc]).await?;
    }
    tx.execute("DELETE FROM search_hashes WHERE doc = $1", values![kept.doc]).await?;
    match row {
        Some(row) => recount(tx, &row.get::<String>("tenant")?, &kept.terms, &[]).await,
        None => Ok(()),
    }
}

async fn find(tx: &mut Tx, image: &str) -> Result<Option<Kept>, DbError> {
    let sql = "SELECT doc, words, facts FROM search_docs WHERE image = $1";
    let Some(row) = tx.first(sql, values![image]).await? else { return Ok(None) };
    let terms = terms_of_columns(&row.get::<String>("words")?, &row.get::<String>("facts")?);
    Ok(Some(Kept { doc: row.get("doc")?, terms }))
}

/// A number that grows with the time at which the picture first came in. The same picture gets the same again, unless
/// another one of that millisecond has it.
async fn free_number(tx: &mut Tx, image: &Image) -> Result<i64, DbError> {
    let digest = Sha256::digest(&image.id);
    let spread = digest.iter().take(4).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    let most_ms = i64::MAX >> NUMBERS_BITS;
    let first = image.created_ms.clamp(0, most_ms - 1) << NUMBERS_BITS;
    let mut doc = first | (spread & ((1 << NUMBERS_BITS) - 1));
    while tx.first("SELECT doc FROM search_docs WHERE doc = $1", values![doc]).await?.is_some() {
        doc += 1;
    }
    Ok(doc)
}

async fn write_row(tx: &mut Tx, doc: i64, image: &Image, document: &Document) -> Result<(), DbError> {
    let (columns, parameters, set) = match tx.kind() {
        Kind::Sqlite => ("", "", ""),
        Kind::Postgres => (
            ", terms, pairs",
            ", $17::text::tsvector, $18::text::int4[]",
            ", terms = excluded.terms, pairs = excluded.pairs",
        ),
    };
    let sql = format!(
        "INSERT INTO search_docs (doc, tenant, image, name, format, width, height, size_bytes, taken_ms, created_ms,
          camera, tags, colours, phash, words, facts{columns})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16{parameters})
        ON CONFLICT (image) DO UPDATE SET name = excluded.name, format = excluded.format, width = excluded.width,
          height = excluded.height, size_bytes = excluded.size_bytes, taken_ms = excluded.taken_ms,
          camera = excluded.camera, tags = excluded.tags, colours = excluded.colours, phash = excluded.phash,
          words = excluded.words, facts = excluded.facts{set}"
    );
    let mut row = values![
        doc,
        &image.tenant,
        &image.id,
        &image.name,
        &image.format,
        image.width,
        image.height,
        image.size_bytes,
        image.taken_ms.unwrap_or(NEVER_MS),
        image.created_ms,
        image.camera.clone(),
        image.tags.join("\n"),
        document.colours(),
        image.phash,
        document.lines(),
        document.facts.join(" "),
    ]
    .to_vec();
    if tx.kind() == Kind::Postgres {
        row.push(document.vector().into());
        row.push(document.pairs().into());
    }
    tx.execute(&sql, &row).await?;
    Ok(())
}

async fn write_hash(tx: &mut Tx, doc: i64, image: &Image, is_old: bool) -> Result<(), DbError> {
    const ADD: &str = "INSERT INTO search_hashes (tenant, quarter, doc) VALUES ($1, $2, $6), ($1, $3, $6), ($1, $4, $6), ($1, $5, $6)";
    if is_old {
        tx.execute("DELETE FROM search_hashes WHERE doc = $1", values![doc]).await?;
    }
    if let Some(hash) = image.phash {
        let [a, b, c, d] = looks::quarters(hash);
        tx.execute(ADD, values![&image.tenant, a, b, c, d, doc]).await?;
    }
    Ok(())
}

/// Counts a picture's terms: those that it had no more, those that it has now. Always in the same order, so that two
/// that change the same terms wait for each other and do not block each other.
async fn recount(tx: &mut Tx, tenant: &str, old: &[String], new: &[String]) -> Result<(), DbError> {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    let list = |terms: Vec<&&String>| serde_json::to_string(&terms).unwrap_or_default();
    let (gone, come) = (old.difference(&new).collect::<Vec<_>>(), new.difference(&old).collect::<Vec<_>>());
    let of_list = listed(tx.kind(), "$2");
    if !come.is_empty() {
        let sql = format!(
            "INSERT INTO search_terms (tenant, term, docs) SELECT $1, value, 1 FROM ({of_list}) AS come WHERE true ORDER BY value
            ON CONFLICT (tenant, term) DO UPDATE SET docs = search_terms.docs + 1"
        );
        tx.execute(&sql, values![tenant, list(come)]).await?;
    }
    if !gone.is_empty() {
        let list = list(gone);
        if tx.kind() == Kind::Postgres {
            let lock = format!(
                "SELECT term FROM search_terms WHERE tenant = $1 AND term IN ({of_list}) ORDER BY term FOR UPDATE"
            );
            tx.all(&lock, values![tenant, &list]).await?;
        }
        let fewer =
            format!("UPDATE search_terms SET docs = docs - 1 WHERE tenant = $1 AND term IN ({of_list})");
        tx.execute(&fewer, values![tenant, &list]).await?;
        let none =
            format!("DELETE FROM search_terms WHERE tenant = $1 AND term IN ({of_list}) AND docs <= 0");
        tx.execute(&none, values![tenant, &list]).await?;
    }
    Ok(())
}
