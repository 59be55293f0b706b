//! Sources in an R2 bucket.

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Uint8Array};
use worker::Response;
use worker::wasm_bindgen::JsCast;

use crate::serve::ports::{Blob, Store, StoreError, Version};

/// A bucket's objects.
pub(super) struct Bucket(worker::Bucket);

impl Bucket {
    /// The objects of a binding.
    pub(super) fn new(bucket: worker::Bucket) -> Self {
        Self(bucket)
    }
}

/// An object's bytes, still JavaScript's.
pub(super) struct Bytes(Uint8Array);

impl Blob for Bytes {
    fn into_bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl Store for Bucket {
    type Blob = Bytes;

    async fn version(&self, key: &str) -> Result<Option<Version>, StoreError> {
        Ok(self.0.head(key).await.map_err(failed)?.as_ref().map(version_of))
    }

    async fn read(&self, key: &str, most_bytes: u64) -> Result<Option<(Version, Bytes)>, StoreError> {
        let Some(object) = self.0.get(key).execute().await.map_err(failed)? else { return Ok(None) };
        let version = version_of(&object);
        if version.size_bytes > most_bytes {
            return Err(StoreError::TooLarge { size_bytes: version.size_bytes });
        }
        let body = object.body().ok_or_else(|| StoreError::Failed(format!("'{key}' has no body")))?;
        // The crate's own way copies into linear memory at once; a response gathers the bytes outside of it.
        let response: web_sys::Response =
            body.response_body().and_then(Response::from_body).map_err(failed)?.into();
        let gathered =
            response.array_buffer().map_err(|_| StoreError::Failed(format!("'{key}' cannot be read")))?;
        let buffer = JsFuture::from(gathered)
            .await
            .map_err(|_| StoreError::Failed(format!("'{key}' broke off")))?
            .unchecked_into::<ArrayBuffer>();
        let bytes = Uint8Array::new(&buffer);
        if u64::from(bytes.length()) != version.size_bytes {
            return Err(StoreError::Failed(format!("'{key}' came with another length than it has")));
        }
        Ok(Some((version, Bytes(bytes))))
    }
}

fn version_of(object: &worker::Object) -> Version {
    Version {
        etag: object.etag(),
        modified_seconds: object.uploaded().as_millis() / 1000,
        size_bytes: object.size(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: worker::Error) -> StoreError {
    StoreError::Failed(error.to_string())
}
