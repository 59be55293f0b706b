//! A picture as the API shows it.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::auth::{Principal, Scope};
use crate::catalog::images::{Colours, Image};
use crate::index::FacetCount;

/// A page of pictures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImageList {
    /// In the order that was asked for.
    pub(super) images: Vec<ImageView>,
    /// How many there are in all; where it is not exact, at least.
    pub(super) total: u64,
    /// Whether it is. No more than 500 are counted.
    pub(super) total_is_exact: bool,
    /// The cursor of the next page, if there is one.
    pub(super) next: Option<String>,
    /// What was asked to be counted, over the pictures that were counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) facets: BTreeMap<&'static str, Vec<FacetCount>>,
    /// Words that no picture has, each with those that were looked for in its stead.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) instead: BTreeMap<String, Vec<String>>,
}

/// Pictures that look alike.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimilarList {
    /// The most alike first.
    pub(super) images: Vec<SimilarView>,
}

/// A picture that looks like another.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimilarView {
    /// In how many of 64 bits their perceptual hashes differ: at most 7.
    pub(super) distance: u32,
    pub(super) image: ImageView,
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImageView {
    /// Stays the same whatever file takes this one's place.
    id: String,
    /// Its path within the tenant's pictures.
    name: String,
    /// Counts the files that had this name.
    version: i64,
    /// What the edge's URLs call it: `/image/<options>/<key>`.
    key: String,
    size_bytes: i64,
    /// In hexadecimal.
    sha256: String,
    /// jpeg, png, webp, gif or svg.
    format: String,
    media_type: String,
    width: i64,
    height: i64,
    title: Option<String>,
    caption: Option<String>,
    tags: Vec<String>,
    #[schema(format = DateTime)]
    taken: Option<String>,
    camera: Option<String>,
    lens: Option<String>,
    /// More of what the file says of itself.
    #[schema(value_type = Object)]
    metadata: Value,
    /// Where it was taken, serial numbers: for those with the scope `images:private` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    private: Option<Value>,
    colours: Colours,
    /// A thumbnail of some 25 bytes, in base64.
    thumbhash: Option<String>,
    /// The oldest picture of the same bytes or the same looks.
    duplicate_of: Option<String>,
    variants: Vec<VariantView>,
    #[schema(format = DateTime)]
    created: String,
    #[schema(format = DateTime)]
    updated: String,
    /// Since when it waits to be gone for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    deleted: Option<String>,
}

/// A preset's rendering, at `/v1/images/{id}/variants/{preset}`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VariantView {
    preset: String,
    media_type: String,
    width: i64,
    height: i64,
    size_bytes: i64,
}

impl ImageView {
    /// What somebody may see of a picture.
    pub(super) fn of(image: Image, who: &Principal) -> Self {
        let variant = |variant: crate::catalog::images::Variant| VariantView {
            preset: variant.preset,
            media_type: variant.media_type,
            width: variant.width,
            height: variant.height,
            size_bytes: variant.size_bytes,
        };
        Self {
            id: image.id,
            name: image.name,
            version: image.version,
            key: image.object_key,
            size_bytes: image.size_bytes,
            sha256: image.sha256,
            format: image.format,
            media_type: image.media_type,
            width: image.width,
            height: image.height,
            title: image.title,
            caption: image.caption,
            tags: image.tags,
            taken: image.taken_ms.map(written),
            camera: image.camera,
            lens: image.lens,
            metadata: image.metadata,
            private: who.has(Scope::Private).then_some(image.private),
            colours: image.colours,
            thumbhash: image.thumbhash,
            duplicate_of: image.duplicate_of,
            variants: image.variants.into_iter().map(variant).collect(),
            created: written(image.created_ms),
            updated: written(image.updated_ms),
            deleted: image.deleted_ms.map(written),
        }
    }
}

/// A time as RFC 3339 writes it.
fn written(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Names what is known of a picture, for `If-Match`: the same for whoever asks, whatever of it they may see.
pub(super) fn etag(image: &Image) -> String {
    let digest = format!("{:x}", Sha256::digest(format!("{image:?}")));
    format!("\"{}\"", digest.get(..32).unwrap_or_default())
}
