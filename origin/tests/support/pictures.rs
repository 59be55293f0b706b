//! Pictures straight into catalog, index and bucket, past uploads and ingest.

use std::sync::atomic::{AtomicI64, Ordering};

use lenslet_origin::catalog::images::{self, Colours, Image, Shade, Variant};
use lenslet_origin::catalog::{new_id, tenants};
use lenslet_origin::index::Index as _;

use super::Service;

/// A picture of which only the name is said.
pub(crate) fn picture(service: &Service, tenant: &str, name: &str) -> Image {
    let now_ms = service.now_ms.load(Ordering::SeqCst);
    let id = new_id();
    let variant = Variant {
        preset: "thumbnail".to_owned(),
        object_key: format!("renditions/{tenant}/{id}/1/thumbnail.webp"),
        media_type: "image/webp".to_owned(),
        width: 100,
        height: 75,
        size_bytes: 4,
    };
    Image {
        tenant: tenant.to_owned(),
        name: name.to_owned(),
        version: 1,
        object_key: format!("pictures/{tenant}/{name}"),
        etag: String::new(),
        size_bytes: 1_000,
        sha256: format!("{:064x}", 1),
        format: "jpeg".to_owned(),
        media_type: "image/jpeg".to_owned(),
        width: 800,
        height: 600,
        title: None,
        caption: None,
        tags: Vec::new(),
        taken_ms: None,
        camera: None,
        lens: None,
        metadata: serde_json::json!({}),
        private: serde_json::json!({ "gps": "secret" }),
        colours: Colours::default(),
        thumbhash: None,
        phash: None,
        duplicate_of: None,
        variants: vec![variant],
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
        id,
    }
}

/// One with a title, a millisecond newer than the one before.
pub(crate) fn titled(service: &Service, tenant: &str, name: &str, title: &str) -> Image {
    static NEWER: AtomicI64 = AtomicI64::new(0);
    let created_ms = super::START_MS - 1_000_000 + NEWER.fetch_add(1, Ordering::SeqCst);
    Image { title: Some(title.to_owned()), created_ms, ..picture(service, tenant, name) }
}

/// Colours of a picture, each with its share.
pub(crate) fn palette(shades: &[(&str, f64)]) -> Colours {
    let shade = |(colour, share): &(&str, f64)| Shade { colour: (*colour).to_owned(), share: *share };
    Colours { palette: shades.iter().map(shade).collect(), ..Colours::default() }
}

/// Puts pictures into catalog and index, all in one transaction.
pub(crate) async fn put(service: &Service, all: &[Image]) {
    let mut tx = service.state.db.begin().await.unwrap();
    for image in all {
        images::put(&mut tx, image).await.unwrap();
        service.state.index.put(&mut tx, image).await.unwrap();
        tenants::add(&mut tx, &image.tenant, image.size_bytes, 1).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The same with files in the bucket, whose tag it then has.
pub(crate) async fn put_file(service: &Service, image: &mut Image) {
    let objects = &service.state.objects;
    objects.put(&image.object_key, "the file".into(), &image.media_type).await.unwrap();
    for variant in &image.variants {
        objects.put(&variant.object_key, "tiny".into(), &variant.media_type).await.unwrap();
    }
    image.etag = objects.head(&image.object_key).await.unwrap().unwrap().etag;
    put(service, std::slice::from_ref(image)).await;
}
