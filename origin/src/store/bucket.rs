//! What of S3 `object_store` does not do by itself: the list of an upload's parts, the checksum that a
//! store attests, and bodies that are passed on as they come.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use lenslet::sources::Credentials;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use serde::Deserialize;

use super::objects::{CHECKSUM, ObjectError, Presigned, PutError};
use super::parts::Part;
use super::receive::Fault;
use super::signed_url::{ToSign, UrlSigner};
use crate::clock::Clock;

/// Our own requests are sent at once.
const SOON_SECONDS: u64 = 300;

/// A bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) s3: Arc<AmazonS3>,
    pub(super) signer: UrlSigner,
    http: reqwest::Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListPartsResult {
    #[serde(default)]
    part: Vec<ListedPart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPart {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
    size: u64,
}

impl Bucket {
    pub(super) fn open(
        bucket: &str,
        endpoint: &str,
        region: &str,
        credentials: &Credentials,
    ) -> Result<Self, ObjectError> {
        // Clients of HTTP ask for the process's provider; another part may have set the same one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_endpoint(endpoint)
            .with_region(region)
            .with_access_key_id(credentials.access_key_id())
            .with_secret_access_key(credentials.secret_access_key())
            // Only where somebody chose it: on one's own machine.
            .with_allow_http(endpoint.starts_with("http:"));
        if let Some(token) = credentials.session_token() {
            builder = builder.with_token(token);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_mins(1))
            .build()
            .map_err(|error| failure(&error))?;
        let signer = UrlSigner::new(credentials.clone(), region, &format!("{endpoint}/{bucket}"));
        Ok(Self { s3: Arc::new(builder.build()?), signer, http })
    }

    /// The URL of a request of our own, signed as of now by the system's clock, which is the bucket's.
    fn own(&self, method: &str, path: &Path, query: &[(&str, &str)], headers: &[(&str, &str)]) -> String {
        let now_seconds = u64::try_from(Clock::System.now_ms() / 1000).unwrap_or(0);
        let what = ToSign { method, key: path.as_ref(), query, headers };
        self.signer.sign(&what, now_seconds, SOON_SECONDS).url
    }

    /// The parts of an upload that are there, none where there is no such upload; nothing where the store does not tell.
    pub(super) async fn parts(
        &self,
        path: &Path,
        multipart_id: &str,
    ) -> Result<Option<Vec<Part>>, ObjectError> {
        let url = self.own("GET", path, &[("uploadId", multipart_id)], &[]);
        let response = self.http.get(url).send().await.map_err(|error| failure(&error.without_url()))?;
        match response.status() {
            StatusCode::NOT_FOUND => return Ok(Some(Vec::new())),
            StatusCode::NOT_IMPLEMENTED => return Ok(None),
            status if !status.is_success() => return Err(failure(&format!("listing parts: {status}"))),
            _ => {}
        }
        let xml = response.text().await.map_err(|error| failure(&error.without_url()))?;
        let listed: ListPartsResult = quick_xml::de::from_str(&xml).map_err(|error| failure(&error))?;
        let part = |part: ListedPart| Part {
            number: part.part_number,
            size_bytes: part.size,
            etag: part.etag.trim_matches('"').to_owned(),
        };
        Ok(Some(listed.part.into_iter().map(part).collect()))
    }

    /// The SHA-256 of an object, in hexadecimal, if the store knows it: it checked it when the object came.
    pub(super) async fn attested_sha256(&self, path: &Path) -> Result<Option<String>, ObjectError> {
        const MODE: (&str, &str) = ("x-amz-checksum-mode", "ENABLED");
        let url = self.own("HEAD", path, &[], &[MODE]);
        let request = self.http.head(url).header(MODE.0, MODE.1);
        let response = request.send().await.map_err(|error| failure(&error.without_url()))?;
        let attested = response.headers().get(CHECKSUM).and_then(|value| value.to_str().ok());
        // That of an upload in parts is a hash of hashes, and has a count behind it: no base64 of 32 bytes.
        let hash = attested.and_then(|text| STANDARD.decode(text).ok()).filter(|hash| hash.len() == 32);
        Ok(hash.map(|hash| super::objects::hex(&hash)))
    }

    /// Sends a body on as it comes, to a URL that was signed for it.
    pub(super) async fn pass_on(
        &self,
        to: Presigned,
        body: BoxStream<'static, Result<Bytes, Fault>>,
    ) -> Result<(), PutError> {
        let request = to.headers.iter().fold(self.http.put(to.url), |request, (name, value)| {
            request.header(name.as_str(), value.as_str())
        });
        let sent = request.body(reqwest::Body::wrap_stream(body)).send().await;
        let response = sent.map_err(|error| match fault(&error) {
            Some(fault) => PutError::Fault(fault),
            None => PutError::Store(failure(&error.without_url())),
        })?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(PutError::Store(failure(&format!("writing an object: {status}")))),
        }
    }
}

/// What was wrong with the body that we passed on, where that ended the request.
fn fault(error: &reqwest::Error) -> Option<Fault> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return Some(fault.clone());
        }
        cause = error.source();
    }
    None
}

fn failure(cause: &impl ToString) -> ObjectError {
    ObjectError::Store(object_store::Error::Generic { store: "S3", source: cause.to_string().into() })
}
