//! What a client announces: a picture that is to be uploaded, parsed once.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::tags::{self, Tag};
use super::texts;
use crate::auth::Principal;
use crate::catalog::uploads::{Method, State as UploadState, Upload};
use crate::catalog::{names, new_id};
use crate::error::ApiError;
use crate::extract::whole;
use crate::intake;
use crate::state::AppState;
use crate::store::objects::UPLOADS;

/// What is larger comes in parts, unless the client wants otherwise.
const MULTIPART_FROM_BYTES: u64 = 16 << 20;
/// What pictures may be, as HTTP names it.
const MEDIA_TYPES: [&str; 5] = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/svg+xml"];

/// A picture that is to be uploaded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUpload {
    /// Its path within the tenant's pictures, which the edge serves below `pictures/<tenant>/`: no empty step, `.`, `..`,
    /// backslash, question mark or control character.
    #[schema(
        max_length = 512,
        pattern = r"^[^/?\\\x00-\x1f\x7f-\x9f]+(/[^/?\\\x00-\x1f\x7f-\x9f]+)*$",
        example = "2026/harbour.jpg"
    )]
    name: String,
    /// How long the file is.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 2_481_513)]
    #[serde(deserialize_with = "whole")]
    size_bytes: u64,
    /// What it is: `image/jpeg`, `image/png`, `image/webp`, `image/gif` or `image/svg+xml`.
    #[schema(pattern = r"^image/(jpeg|png|webp|gif|svg\+xml)$", example = "image/jpeg")]
    media_type: String,
    /// The SHA-256 of the file, in hexadecimal.
    #[schema(
        pattern = "^[0-9a-fA-F]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    sha256: String,
    /// A short name for people.
    #[serde(default)]
    #[schema(max_length = 500, pattern = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$")]
    title: Option<String>,
    /// What is to be seen.
    #[serde(default)]
    #[schema(max_length = 5000, pattern = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$")]
    caption: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    #[schema(value_type = Vec<Tag>, max_items = 50)]
    tags: Vec<String>,
    /// How it will come.
    #[serde(default)]
    method: Wanted,
}

/// How the bytes will come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    /// In parts if it is large.
    #[default]
    Auto,
    /// By one presigned `PUT`, or through this service.
    Put,
    /// By presigned parts.
    Multipart,
}

impl NewUpload {
    /// Parses once: what comes out of this can be written down.
    pub(super) fn check(
        mut self,
        state: &AppState,
        who: &Principal,
        idempotency_key: Option<String>,
    ) -> Result<Upload, ApiError> {
        names::check(&self.name)
            .map_err(|why| ApiError::invalid(&format!("the name cannot be used: {why}")))?;
        if !who.covers(&names::object_key(&who.tenant, &self.name)) {
            return Err(ApiError::forbidden("the token is not good for pictures of this name"));
        }
        self.check_file(state.config.max_upload_bytes)?;
        // As when a picture is changed: an empty text is none.
        let checked = |name, text: Option<String>, longest| {
            text.filter(|text| !text.is_empty()).map(|text| texts::checked(name, text, longest)).transpose()
        };
        self.title = checked("title", self.title, texts::LONGEST_TITLE)?;
        self.caption = checked("caption", self.caption, texts::LONGEST_CAPTION)?;
        self.tags = tags::checked(&self.tags)?;
        self.sha256.make_ascii_lowercase();
        let is_multipart = match self.method {
            Wanted::Auto => self.size_bytes > MULTIPART_FROM_BYTES,
            Wanted::Put => false,
            Wanted::Multipart => true,
        };
        // Of ours, not of the client's spelling: order and white space say nothing.
        let request = serde_json::to_vec(&self).map_err(|error| ApiError::internal(&error))?;
        let (id, now_ms) = (new_id(), state.clock.now_ms());
        Ok(Upload {
            tenant: who.tenant.clone(),
            name: self.name,
            size_bytes: i64::try_from(self.size_bytes).unwrap_or(i64::MAX),
            media_type: self.media_type,
            sha256: Some(self.sha256),
            title: self.title,
            caption: self.caption,
            tags: self.tags,
            method: if is_multipart { Method::Multipart } else { Method::Put },
            state: UploadState::Pending,
            staging_key: format!("{UPLOADS}/{id}"),
            id,
            etag: None,
            multipart_id: None,
            part_bytes: is_multipart.then_some(intake::PART_BYTES),
            request_sha256: idempotency_key.is_some().then(|| format!("{:x}", Sha256::digest(request))),
            idempotency_key,
            problem: None,
            detail: None,
            image_id: None,
            image_version: None,
            created_by: who.actor.clone(),
            created_ms: now_ms,
            updated_ms: now_ms,
            expires_ms: now_ms.saturating_add(i64::from(state.config.upload_seconds) * 1000),
        })
    }

    fn check_file(&self, most_bytes: u64) -> Result<(), ApiError> {
        if self.size_bytes == 0 {
            return Err(ApiError::invalid("size_bytes must be 1 at least"));
        }
        if self.size_bytes > most_bytes {
            return Err(ApiError::too_large(&format!("a picture may have {most_bytes} bytes")));
        }
        if !MEDIA_TYPES.contains(&self.media_type.as_str()) {
            let known = MEDIA_TYPES.join(", ");
            return Err(ApiError::unsupported_media_type(&format!("media_type must be one of {known}")));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ApiError::invalid("sha256 must be 64 hexadecimal digits"));
        }
        Ok(())
    }
}
