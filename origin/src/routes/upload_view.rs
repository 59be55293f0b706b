//! An upload as the API shows it, with the presigned requests that are to be sent.

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use utoipa::ToSchema;

use super::uploads::Headers;
use crate::catalog::uploads::{Method, State, Upload};
use crate::error::ApiError;
use crate::intake;
use crate::state::AppState;
use crate::store::objects::PutTerms;

/// A page of uploads.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadList {
    /// The newest first, without the requests that would send them.
    pub(super) uploads: Vec<UploadView>,
    /// The cursor of the next page, if there is one.
    pub(super) next: Option<String>,
}

/// An upload.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadView {
    id: String,
    /// What the picture will be called.
    name: String,
    state: State,
    /// How it comes.
    method: Method,
    size_bytes: i64,
    media_type: String,
    /// In hexadecimal.
    sha256: Option<String>,
    title: Option<String>,
    caption: Option<String>,
    tags: Vec<String>,
    #[schema(format = DateTime)]
    created: String,
    #[schema(format = DateTime)]
    updated: String,
    /// From then on its bytes are not waited for.
    #[schema(format = DateTime)]
    expires: String,
    /// The one request that sends all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    put: Option<Put>,
    /// The requests that send it in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    multipart: Option<Multipart>,
    /// Why it was rejected, or is not waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<UploadProblem>,
    /// What it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<UploadImage>,
}

/// A request that may be sent without credentials.
#[derive(Debug, Serialize, ToSchema)]
struct Put {
    url: String,
    /// `PUT`
    method: &'static str,
    /// Those that must be sent, with these values.
    headers: Headers,
    #[schema(format = DateTime)]
    expires: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Multipart {
    /// How long each part is, but the last.
    part_bytes: i64,
    parts: Vec<PartView>,
}

/// A part: there already, or to be sent.
#[derive(Debug, Serialize, ToSchema)]
struct PartView {
    /// From 1.
    number: u32,
    size_bytes: u64,
    /// Of a part that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// Of a part that is not: the request that sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    put: Option<Put>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UploadProblem {
    /// For programs: `wrong-length`, `wrong-checksum`, `expired` …
    kind: String,
    /// For people.
    detail: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct UploadImage {
    id: String,
    /// Counts the files that had this name, from 1.
    version: i64,
}

impl UploadView {
    /// What everybody who may read may know.
    pub(super) fn new(upload: Upload) -> Self {
        let problem = match upload.state {
            State::Rejected | State::Expired => Some(UploadProblem {
                kind: upload.problem.unwrap_or_else(|| upload.state.name().to_owned()),
                detail: upload.detail.unwrap_or_default(),
            }),
            State::Pending | State::Received | State::Ready => None,
        };
        let image = upload.image_id.zip(upload.image_version);
        Self {
            id: upload.id,
            name: upload.name,
            state: upload.state,
            method: upload.method,
            size_bytes: upload.size_bytes,
            media_type: upload.media_type,
            sha256: upload.sha256,
            title: upload.title,
            caption: upload.caption,
            tags: upload.tags,
            created: time(upload.created_ms),
            updated: time(upload.updated_ms),
            expires: time(upload.expires_ms),
            put: None,
            multipart: None,
            problem,
            image: image.map(|(id, version)| UploadImage { id, version }),
        }
    }

    /// With the requests that send what is missing.
    pub(super) async fn with_urls(app: &AppState, upload: Upload) -> Result<Self, ApiError> {
        let now_ms = app.clock.now_ms();
        if upload.state != State::Pending || now_ms >= upload.expires_ms {
            return Ok(Self::new(upload));
        }
        let (put, multipart) = match upload.method {
            Method::Multipart => (None, Some(multipart(app, &upload, now_ms).await?)),
            Method::Put | Method::Bucket => (Some(whole(app, &upload, now_ms)), None),
        };
        Ok(Self { put, multipart, ..Self::new(upload) })
    }
}

fn whole(app: &AppState, upload: &Upload, now_ms: i64) -> Put {
    let terms = PutTerms {
        size_bytes: u64::try_from(upload.size_bytes).unwrap_or(0),
        media_type: Some(&upload.media_type),
        sha256: upload.sha256.as_deref(),
        part: None,
        now_ms,
        seconds: seconds_left(upload, now_ms),
    };
    put(app, upload, &terms)
}

async fn multipart(app: &AppState, upload: &Upload, now_ms: i64) -> Result<Multipart, ApiError> {
    let multipart_id = upload.multipart_id.as_deref().unwrap_or_default();
    // Where the store does not tell, all may be sent.
    let there = app.objects.parts(&upload.staging_key, multipart_id).await?.unwrap_or_default();
    let part = |(number, size_bytes)| {
        let found = there.iter().find(|part| part.number == number && part.size_bytes == size_bytes);
        let terms = PutTerms {
            size_bytes,
            media_type: None,
            sha256: None,
            part: Some((multipart_id, number)),
            now_ms,
            seconds: seconds_left(upload, now_ms),
        };
        let put = found.is_none().then(|| put(app, upload, &terms));
        PartView { number, size_bytes, etag: found.map(|part| part.etag.clone()), put }
    };
    let parts = intake::part_sizes(upload).map(part).collect();
    Ok(Multipart { part_bytes: upload.part_bytes.unwrap_or(upload.size_bytes), parts })
}

/// URLs are good for as long as the upload is waited for.
fn seconds_left(upload: &Upload, now_ms: i64) -> u64 {
    u64::try_from((upload.expires_ms - now_ms) / 1000).unwrap_or(0).max(1)
}

fn put(app: &AppState, upload: &Upload, terms: &PutTerms<'_>) -> Put {
    let signed = app.objects.presign_put(&upload.staging_key, terms);
    let headers = signed.headers.into_iter().collect();
    Put { url: signed.url, method: "PUT", headers, expires: time(upload.expires_ms) }
}

fn time(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
