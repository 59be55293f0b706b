//! A picture as the cluster keeps it. Its words are folded by us, so that both indexes find the same.

use serde_json::{Value, json};

use crate::catalog::images::Image;
use crate::index::document::{Document, NEVER_MS, year};
use crate::index::looks;

pub(super) fn of(image: &Image) -> Value {
    let document = Document::of(image);
    let palette = document.colours();
    let [name, title, caption, tags, camera] = document.fields.map(|words| words.join(" "));
    json!({
        "image": image.id,
        "tenant": image.tenant,
        "name": name,
        "title": title,
        "caption": caption,
        "tags": tags,
        "camera": camera,
        "facts": document.facts,
        "path": image.name,
        "format": image.format,
        "tag": image.tags,
        "maker": image.camera,
        "year": image.taken_ms.and_then(year),
        "width": image.width,
        "height": image.height,
        "size_bytes": image.size_bytes,
        "taken_ms": image.taken_ms.unwrap_or(NEVER_MS),
        "created_ms": image.created_ms,
        "palette": palette,
        "phash": image.phash,
        "quarters": image.phash.map(looks::quarters),
    })
}
