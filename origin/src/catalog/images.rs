//! Pictures: what is known of each.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::store::db::{Db, DbError, Kind, Row, Tx};
use crate::values;

/// A picture of the catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Stays the same whatever file takes this one's place.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// Its path within the tenant's pictures.
    pub name: String,
    /// Counts the files that had this name, from 1.
    pub version: i64,
    /// Where it is in the bucket.
    pub object_key: String,
    /// Names its bytes, as the bucket does.
    pub etag: String,
    /// How long the file is.
    pub size_bytes: i64,
    /// The hash of the file, in hexadecimal.
    pub sha256: String,
    /// `jpeg`, `png`, `webp`, `gif`, `svg`.
    pub format: String,
    /// As HTTP names it.
    pub media_type: String,
    /// Upright, in pixels.
    pub width: i64,
    /// Upright, in pixels.
    pub height: i64,
    /// A short name for people.
    pub title: Option<String>,
    /// What is to be seen.
    pub caption: Option<String>,
    /// In small letters, sorted, each once.
    pub tags: Vec<String>,
    /// When it was taken, in milliseconds since 1970.
    pub taken_ms: Option<i64>,
    /// Make and model.
    pub camera: Option<String>,
    /// The lens.
    pub lens: Option<String>,
    /// More of its metadata, for whoever may read the catalog.
    pub metadata: Value,
    /// What is for those with `images:private` only.
    pub private: Value,
    /// Its colours.
    pub colours: Colours,
    /// A thumbnail of some 25 bytes, in base64.
    pub thumbhash: Option<String>,
    /// Its perceptual hash.
    pub phash: Option<i64>,
    /// The oldest picture of the same bytes or the same looks.
    pub duplicate_of: Option<String>,
    /// What it was rendered as.
    pub variants: Vec<Variant>,
    /// When the first file of this name came in.
    pub created_ms: i64,
    /// When anything of this changed.
    pub updated_ms: i64,
    /// When it was deleted.
    pub deleted_ms: Option<i64>,
}

/// The colours of a picture, as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Colours {
    /// The mean of all pixels.
    pub average: String,
    /// The colour that most of it has.
    pub dominant: String,
    /// A few that together stand for it, the most frequent first.
    pub palette: Vec<Shade>,
}

/// One colour of a palette.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Shade {
    /// `#rrggbb`
    pub colour: String,
    /// How much of the picture it stands for, from 0 to 1.
    pub share: f64,
}

/// A preset's rendering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Variant {
    /// The preset.
    pub preset: String,
    /// Where it is in the bucket.
    pub object_key: String,
    /// As HTTP names it.
    pub media_type: String,
    /// In pixels.
    pub width: i64,
    /// In pixels.
    pub height: i64,
    /// How long the file is.
    pub size_bytes: i64,
}

/// The columns of [`Image`], in no particular order: they are read by name.
pub const COLUMNS: &str = "id, tenant, name, version, object_key, etag, size_bytes, sha256, format, media_type, width, height, \
    title, caption, tags, taken_ms, camera, lens, metadata, private, colours, thumbhash, phash, duplicate_of, \
    variants, created_ms, updated_ms, deleted_ms";

/// Reads a row that has [`COLUMNS`].
pub fn read(row: &Row) -> Result<Image, DbError> {
    Ok(Image {
        id: row.get("id")?,
        tenant: row.get("tenant")?,
        name: row.get("name")?,
        version: row.get("version")?,
        object_key: row.get("object_key")?,
        etag: row.get("etag")?,
        size_bytes: row.get("size_bytes")?,
        sha256: row.get("sha256")?,
        format: row.get("format")?,
        media_type: row.get("media_type")?,
        width: row.get("width")?,
        height: row.get("height")?,
        title: row.get("title")?,
        caption: row.get("caption")?,
        tags: written(row, "tags")?,
        taken_ms: row.get("taken_ms")?,
        camera: row.get("camera")?,
        lens: row.get("lens")?,
        metadata: written(row, "metadata")?,
        private: written(row, "private")?,
        colours: written(row, "colours")?,
        thumbhash: row.get("thumbhash")?,
        phash: row.get("phash")?,
        duplicate_of: row.get("duplicate_of")?,
        variants: written(row, "variants")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
        deleted_ms: row.get("deleted_ms")?,
    })
}

/// A column that we wrote as JSON.
fn written<T: DeserializeOwned + Default>(row: &Row, column: &str) -> Result<T, DbError> {
    Ok(serde_json::from_str(&row.get::<String>(column)?).unwrap_or_default())
}

/// A tenant's picture, deleted or not.
pub async fn find(db: &Db, tenant: &str, id: &str) -> Result<Option<Image>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM images WHERE tenant = $1 AND id = $2");
    db.first(&sql, values![tenant, id]).await?.as_ref().map(read).transpose()
}

/// The picture that has a name now, within a transaction.
pub async fn find_named(tx: &mut Tx, tenant: &str, name: &str) -> Result<Option<Image>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM images WHERE tenant = $1 AND name = $2 AND deleted_ms IS NULL");
    tx.first(&sql, values![tenant, name]).await?.as_ref().map(read).transpose()
}

/// The oldest other picture of a tenant that has the same bytes, or looks that hash to the same.
pub async fn find_twin(tx: &mut Tx, image: &Image) -> Result<Option<String>, DbError> {
    const SQL: &str = "SELECT id FROM images
        WHERE tenant = $1 AND id <> $2 AND deleted_ms IS NULL AND (sha256 = $3 OR phash = $4)
        ORDER BY created_ms, id LIMIT 1";
    let row = tx.first(SQL, values![&image.tenant, &image.id, &image.sha256, image.phash]).await?;
    row.map(|row| row.get("id")).transpose()
}

/// A tenant's picture, deleted or not, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &str, id: &str) -> Result<Option<Image>, DbError> {
    // SQLite's transactions have locked everything already.
    let lock = if tx.kind() == Kind::Postgres { "FOR UPDATE" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM images WHERE tenant = $1 AND id = $2 {lock}");
    tx.first(&sql, values![tenant, id]).await?.as_ref().map(read).transpose()
}

/// The tenants and names of some pictures, of whatever tenant, after this one.
pub async fn after(db: &Db, id: &str, limit: i64) -> Result<Vec<(String, String)>, DbError> {
    const SQL: &str = "SELECT tenant, id FROM images WHERE id > $1 ORDER BY id LIMIT $2";
    db.all(SQL, values![id, limit])
        .await?
        .iter()
        .map(|row| Ok((row.get("tenant")?, row.get("id")?)))
        .collect()
}

/// The picture that has a name now.
pub async fn find_by_name(db: &Db, tenant: &str, name: &str) -> Result<Option<Image>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM images WHERE tenant = $1 AND name = $2 AND deleted_ms IS NULL");
    db.first(&sql, values![tenant, name]).await?.as_ref().map(read).transpose()
}

/// Pictures that were deleted, the last first; those after one that was deleted then and has this id.
pub async fn deleted(
    db: &Db,
    tenant: &str,
    after: Option<&(i64, String)>,
    most: usize,
) -> Result<Vec<Image>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM images WHERE tenant = $1 AND deleted_ms IS NOT NULL AND (deleted_ms, id) < ($2, $3)
        ORDER BY deleted_ms DESC, id DESC LIMIT {most}"
    );
    let (ms, id) = after.map_or((i64::MAX, ""), |(ms, id)| (*ms, id.as_str()));
    db.all(&sql, values![tenant, ms, id]).await?.iter().map(read).collect()
}

/// How many pictures were deleted and are still there.
pub async fn count_deleted(db: &Db, tenant: &str) -> Result<u64, DbError> {
    let sql = "SELECT COUNT(*) AS count FROM images WHERE tenant = $1 AND deleted_ms IS NOT NULL";
    let count: i64 = db.first(sql, values![tenant]).await?.map_or(Ok(0), |row| row.get("count"))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Those of these pictures that there are, in the same order.
pub async fn find_many(db: &Db, tenant: &str, ids: &[String]) -> Result<Vec<Image>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (2..ids.len() + 2).map(|number| format!("${number}")).collect();
    // An expression, so that SQLite looks ids up: by an index it would read all of the tenant's pictures.
    let sql =
        format!("SELECT {COLUMNS} FROM images WHERE tenant || '' = $1 AND id IN ({})", places.join(", "));
    let values: Vec<_> = std::iter::once(tenant.into()).chain(ids.iter().map(Into::into)).collect();
    let rows = db.all(&sql, &values).await?;
    let images = rows.iter().map(|row| read(row).map(|image| (image.id.clone(), image)));
    let mut images: HashMap<String, Image> = images.collect::<Result<_, _>>()?;
    Ok(ids.iter().filter_map(|id| images.remove(id)).collect())
}

/// Writes a picture: a new row, or all of the old one.
pub async fn put(tx: &mut Tx, image: &Image) -> Result<(), DbError> {
    let sql = format!(
        "INSERT INTO images ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
        $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, object_key = excluded.object_key,
          etag = excluded.etag, size_bytes = excluded.size_bytes, sha256 = excluded.sha256, format = excluded.format,
          media_type = excluded.media_type, width = excluded.width, height = excluded.height, title = excluded.title,
          caption = excluded.caption, tags = excluded.tags, taken_ms = excluded.taken_ms, camera = excluded.camera,
          lens = excluded.lens, metadata = excluded.metadata, private = excluded.private, colours = excluded.colours,
          thumbhash = excluded.thumbhash, phash = excluded.phash, duplicate_of = excluded.duplicate_of,
          variants = excluded.variants, updated_ms = excluded.updated_ms, deleted_ms = excluded.deleted_ms"
    );
    let i = image;
    tx.execute(
        &sql,
        values![
            &i.id,
            &i.tenant,
            &i.name,
            i.version,
            &i.object_key,
            &i.etag,
            i.size_bytes,
            &i.sha256,
            &i.format,
            &i.media_type,
            i.width,
            i.height,
            i.title.clone(),
            i.caption.clone(),
            text(&i.tags),
            i.taken_ms,
            i.camera.clone(),
            i.lens.clone(),
            i.metadata.to_string(),
            i.private.to_string(),
            text(&i.colours),
            i.thumbhash.clone(),
            i.phash,
            i.duplicate_of.clone(),
            text(&i.variants),
            i.created_ms,
            i.updated_ms,
            i.deleted_ms,
        ],
    )
    .await?;
    Ok(())
}

fn text(value: &impl Serialize) -> String {
    // Lists and objects of strings and numbers are always JSON.
    serde_json::to_string(value).unwrap_or_default()
}
