//! Sources in an R2 bucket.

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use web_sys::ReadableStreamDefaultReader;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Env, Response};

use crate::picture::budget::LARGEST_GATHERED_BYTES;
use crate::serve::ports::{Blob, PIECE_BYTES, Store, StoreError, Version};

/// The R2 binding that holds the pictures.
const BUCKET: &str = "PICTURES";

/// A bucket's objects. The binding is not looked at before it is needed.
pub(super) struct Bucket<'a>(&'a Env);

impl<'a> Bucket<'a> {
    /// The objects of an environment's binding.
    pub(super) fn new(env: &'a Env) -> Self {
        Self(env)
    }

    fn open(&self) -> Result<worker::Bucket, StoreError> {
        self.0.bucket(BUCKET).map_err(failed)
    }
}

/// An object's bytes, still JavaScript's.
pub(super) struct Bytes {
    /// What has come and was not all copied in.
    come: Uint8Array,
    /// So many of these were.
    copied: u32,
    /// Where the rest comes from, if there is any.
    rest: Option<ReadableStreamDefaultReader>,
}

impl Blob for Bytes {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        while self.copied == self.come.length() {
            let Some(come) = self.wait().await? else { return Ok(None) };
            (self.come, self.copied) = (come, 0);
        }
        // However much comes at once, linear memory takes no more of it.
        let end = self.come.length().min(self.copied.saturating_add(PIECE_BYTES));
        let piece = self.come.subarray(self.copied, end).to_vec();
        self.copied = end;
        Ok(Some(piece))
    }
}

impl Bytes {
    /// What comes next from the stream; nothing once it has ended.
    async fn wait(&self) -> Result<Option<Uint8Array>, StoreError> {
        let Some(reader) = &self.rest else { return Ok(None) };
        let broken_off = |_| StoreError::Failed("the object broke off".to_owned());
        let result = JsFuture::from(reader.read()).await.map_err(broken_off)?;
        let part = |name: &str| Reflect::get(&result, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if part("done").is_truthy() {
            return Ok(None);
        }
        part("value").dyn_into().map(Some).map_err(broken_off)
    }
}

impl Store for Bucket<'_> {
    type Blob = Bytes;

    async fn version(&self, key: &str) -> Result<Option<Version>, StoreError> {
        Ok(self.open()?.head(key).await.map_err(failed)?.as_ref().map(version_of))
    }

    async fn read(&self, key: &str, most_bytes: u64) -> Result<Option<(Version, Bytes)>, StoreError> {
        let Some(object) = self.open()?.get(key).execute().await.map_err(failed)? else { return Ok(None) };
        let version = version_of(&object);
        if version.size_bytes > most_bytes {
            return Err(StoreError::TooLarge { size_bytes: version.size_bytes });
        }
        let body = object.body().ok_or_else(|| StoreError::Failed(format!("'{key}' has no body")))?;
        let response: web_sys::Response =
            body.response_body().and_then(Response::from_body).map_err(failed)?.into();
        let bytes = if version.size_bytes > LARGEST_GATHERED_BYTES {
            stream(&response)
        } else {
            gather(&response, version.size_bytes).await
        };
        let bytes = bytes.ok_or_else(|| StoreError::Failed(format!("'{key}' cannot be read as a whole")))?;
        Ok(Some((version, bytes)))
    }
}

fn stream(response: &web_sys::Response) -> Option<Bytes> {
    let reader = response.body()?.get_reader().unchecked_into();
    Some(Bytes { come: Uint8Array::new_with_length(0), copied: 0, rest: Some(reader) })
}

/// All bytes, gathered outside of linear memory, if they are as many as there should be.
async fn gather(response: &web_sys::Response, size_bytes: u64) -> Option<Bytes> {
    let gathered = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    let bytes = Uint8Array::new(&gathered.unchecked_into::<ArrayBuffer>());
    (u64::from(bytes.length()) == size_bytes).then_some(Bytes { come: bytes, copied: 0, rest: None })
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
