//! How many pictures one core takes in: `cargo run --release -p lenslet-origin --example ingest_bench -- 50 a.jpg b.jpg`.
//!
//! The whole of it, in a folder, by one worker: verified, described, rendered as three presets, published.

use std::error::Error;
use std::time::Instant;

use bytes::Bytes;
use lenslet::format::Format;
use lenslet_origin::catalog::new_id;
use lenslet_origin::catalog::uploads::{self, Method, State, Upload};
use lenslet_origin::config::Config;
use lenslet_origin::state::AppState;
use lenslet_origin::work::work_off;
use serde_json::json;

const PRESETS: &str =
    r#"{"thumbnail":"width=200,height=200,fit=cover","medium":"width=800","large":"width=1600"}"#;
const VARIANTS: &str = r#"["thumbnail","medium","large"]"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((count, paths)) = arguments.split_first().filter(|(_, paths)| !paths.is_empty()) else {
        return Err("Usage: ingest_bench <how many> <picture>…".into());
    };
    let count: usize = count.parse()?;
    let files = paths.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let folder = std::env::temp_dir().join(format!("lenslet-ingest-bench-{}", std::process::id()));
    let measured = measure(&folder, count, &files).await;
    std::fs::remove_dir_all(&folder)?;
    measured
}

async fn measure(folder: &std::path::Path, count: usize, files: &[Vec<u8>]) -> Result<(), Box<dyn Error>> {
    let config = Config::parse(|name| match name {
        "DATABASE" => Some(format!("sqlite:{}", folder.join("catalog.sqlite").display())),
        "STORE" => Some(format!("file:{}", folder.join("objects").display())),
        "PRESETS" => Some(PRESETS.to_owned()),
        "VARIANTS" => Some(VARIANTS.to_owned()),
        _ => None,
    })?;
    let state = AppState::open(config).await?;
    for (number, file) in files.iter().cycle().take(count).enumerate() {
        send(&state, number, file).await?;
    }
    let began = Instant::now();
    work_off(&state).await?;
    let seconds = began.elapsed().as_secs_f64();
    let row = state.db.first("SELECT COUNT(*) AS n FROM images", &[]).await?;
    let images: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
    let per_second = f64::from(u32::try_from(images)?) / seconds;
    println!("{}", json!({ "images": images, "seconds": seconds, "images_per_second": per_second }));
    state.db.close().await;
    Ok(())
}

/// An upload whose bytes are there.
async fn send(state: &AppState, number: usize, file: &[u8]) -> Result<(), Box<dyn Error>> {
    let now_ms = state.clock.now_ms();
    let id = new_id();
    let upload = Upload {
        staging_key: format!("uploads/{id}"),
        id,
        tenant: "bench".to_owned(),
        name: format!("{number}"),
        size_bytes: i64::try_from(file.len())?,
        media_type: Format::sniff(file).ok_or("no picture")?.mime().to_owned(),
        sha256: None,
        title: None,
        caption: None,
        tags: Vec::new(),
        method: Method::Put,
        state: State::Received,
        etag: None,
        multipart_id: None,
        part_bytes: None,
        idempotency_key: None,
        request_sha256: None,
        problem: None,
        detail: None,
        image_id: None,
        image_version: None,
        created_by: "lenslet".to_owned(),
        created_ms: now_ms,
        updated_ms: now_ms,
        expires_ms: now_ms,
    };
    state.objects.put(&upload.staging_key, Bytes::copy_from_slice(file), &upload.media_type).await?;
    let mut tx = state.db.begin().await?;
    uploads::add(&mut tx, &upload).await?;
    uploads::enqueue(&mut tx, &upload, now_ms).await?;
    Ok(tx.commit().await?)
}
