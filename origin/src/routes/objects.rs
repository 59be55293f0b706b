//! Where presigned URLs of a folder lead: a `PUT` as S3 takes it, of an object that waits to be looked at, or of a part.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use utoipa_axum::router::OpenApiRouter;

use crate::catalog::uploads::{self, Upload};
use crate::error::ApiError;
use crate::extract::Path;
use crate::intake;
use crate::state::AppState;
use crate::store::objects::{CHECKSUM, UPLOADS, checksum_header};
use crate::store::signed_url::{UrlError, UrlSigner};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/objects/{*key}", put(put_object))
}

/// Takes what a presigned URL was given out for.
///
/// Only where this service keeps its pictures in a folder; a bucket takes such requests itself. It is not in the document:
/// nobody builds these URLs, `POST /v1/uploads` and `GET /v1/uploads/{id}` give them out.
async fn put_object(
    State(state): State<AppState>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let nothing = || ApiError::not_found("there is nothing at this path");
    let signer = state.objects.url_signer().ok_or_else(nothing)?;
    let id = key.strip_prefix(UPLOADS).and_then(|rest| rest.strip_prefix('/'));
    let upload = match id {
        Some(id) => uploads::find(&state.db, id).await?,
        None => None,
    };
    let now_seconds = u64::try_from(state.clock.now_ms() / 1000).unwrap_or(0);
    let request = Request { key: &key, query: query.as_deref().unwrap_or_default(), headers, now_seconds };
    let query = request.verify(signer, upload.as_ref())?;
    let upload = upload.ok_or_else(nothing)?;
    let part = query.get("partNumber").map(|number| number.parse());
    let part = part.transpose().map_err(|_| nothing())?;
    let etag = intake::receive_signed(&state, &upload, part, body).await?;
    Ok(match etag {
        Some(etag) => (StatusCode::OK, [(ETAG, format!("\"{etag}\""))]).into_response(),
        None => StatusCode::OK.into_response(),
    })
}

struct Request<'a> {
    key: &'a str,
    query: &'a str,
    headers: HeaderMap,
    now_seconds: u64,
}

impl Request<'_> {
    fn verify(
        &self,
        signer: &UrlSigner,
        upload: Option<&Upload>,
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let sent = |name: &str| Some(self.headers.get(name)?.to_str().ok()?.to_owned());
        let error = match signer.verify("PUT", self.key, self.query, sent, self.now_seconds) {
            Ok(query) => return Ok(query),
            Err(error) => error,
        };
        let changed = upload.filter(|_| matches!(error, UrlError::Mismatch { .. }));
        let changed = changed.and_then(|upload| self.changed_header(signer, upload));
        Err(ApiError::forbidden(&changed.unwrap_or_else(|| error.to_string())))
    }

    /// The header that is not as it was signed: the one with whose announced value the signature fits.
    fn changed_header(&self, signer: &UrlSigner, upload: &Upload) -> Option<String> {
        let sent = |name: &str| Some(self.headers.get(name)?.to_str().ok()?.to_owned());
        let announced = |name: &str| match name {
            "content-length" => Some(upload.size_bytes.to_string()),
            "content-type" => Some(upload.media_type.clone()),
            CHECKSUM => upload.sha256.as_deref().map(checksum_header),
            _ => None,
        };
        ["content-length", "content-type", CHECKSUM].into_iter().find_map(|suspect| {
            let instead = |name: &str| if name == suspect { announced(name) } else { sent(name) };
            let fits = signer.verify("PUT", self.key, self.query, instead, self.now_seconds).is_ok();
            fits.then(|| {
                let (is, was) = (sent(suspect).unwrap_or_default(), announced(suspect).unwrap_or_default());
                format!("the header {suspect} is {is:?}, and {was:?} was signed")
            })
        })
    }
}
