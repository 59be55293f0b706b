//! Objects in R2 buckets, by their bindings.

use js_sys::futures::JsFuture;
use js_sys::{Date, Object, Promise, Reflect, Uint8Array};
use web_sys::ReadableStream;
use worker::Env;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::bytes::Bytes;
use super::describe;
use crate::recipe::parse_focus;
use crate::serve::ports::{StoreError, Version};

// Not `worker`'s own, which unwraps what it gets.
#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    pub(super) type R2Bucket;

    #[wasm_bindgen(method, catch)]
    fn head(this: &R2Bucket, key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn get(this: &R2Bucket, key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn put(this: &R2Bucket, key: &str, body: &Uint8Array, options: &JsValue) -> Result<Promise, JsValue>;

    pub(super) type R2Object;

    #[wasm_bindgen(method, getter)]
    fn etag(this: &R2Object) -> String;

    #[wasm_bindgen(method, getter)]
    fn size(this: &R2Object) -> f64;

    #[wasm_bindgen(method, getter)]
    fn uploaded(this: &R2Object) -> Date;

    #[wasm_bindgen(method, getter)]
    fn body(this: &R2Object) -> Option<ReadableStream>;

    #[wasm_bindgen(method, getter, js_name = httpMetadata)]
    fn http_metadata(this: &R2Object) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = customMetadata)]
    fn custom_metadata(this: &R2Object) -> JsValue;
}

/// The bucket behind a binding. It is not looked at before it is needed.
pub(super) fn bucket(env: &Env, binding: &str) -> Result<R2Bucket, StoreError> {
    let found = Reflect::get(env, &binding.into()).ok().filter(JsValue::is_object);
    let found = found.filter(|found| Reflect::has(found, &"createMultipartUpload".into()).unwrap_or(false));
    found
        .map(JsCast::unchecked_into)
        .ok_or_else(|| StoreError(format!("there is no R2 bucket bound as {binding}")))
}

impl R2Bucket {
    /// The version of an object.
    pub(super) async fn version(&self, key: &str) -> Result<Option<Version>, StoreError> {
        Ok(self.find(self.head(key)).await?.map(|object| object.version()))
    }

    /// An object with its body.
    pub(super) async fn object(&self, key: &str) -> Result<Option<R2Object>, StoreError> {
        self.find(self.get(key)).await
    }

    async fn find(&self, asked: Result<Promise, JsValue>) -> Result<Option<R2Object>, StoreError> {
        let found = JsFuture::from(asked.map_err(failed)?).await.map_err(failed)?;
        Ok((!found.is_null()).then(|| found.unchecked_into()))
    }

    /// Puts an object where its condition holds; answers whether it did.
    pub(super) async fn put_if(
        &self,
        key: &str,
        body: &Uint8Array,
        options: &PutOptions<'_>,
    ) -> Result<bool, StoreError> {
        let options = options.to_js().map_err(failed)?;
        let put = JsFuture::from(self.put(key, body, &options).map_err(failed)?).await.map_err(failed)?;
        Ok(!put.is_null())
    }
}

/// What a put says beside its body.
pub(super) struct PutOptions<'a> {
    /// The object in whose place it goes; nothing where there must be none.
    pub etag: Option<&'a str>,
    pub content_type: &'a str,
    /// Written beside it.
    pub about: &'a [(&'static str, String)],
}

/// R2 takes 2,048 bytes of metadata in all.
const LONGEST_ABOUT: usize = 400;

impl PutOptions<'_> {
    fn to_js(&self) -> Result<JsValue, JsValue> {
        let table = |pairs: &[(&str, &str)]| -> Result<Object, JsValue> {
            let object = Object::new();
            for (name, value) in pairs {
                Reflect::set(&object, &(*name).into(), &(*value).into())?;
            }
            Ok(object)
        };
        let condition = match self.etag {
            Some(etag) => table(&[("etagMatches", etag)])?,
            None => table(&[("etagDoesNotMatch", "*")])?,
        };
        let about: Vec<(&str, &str)> =
            self.about.iter().map(|(name, value)| (*name, shortened(value))).collect();
        let options = Object::new();
        Reflect::set(&options, &"onlyIf".into(), &condition)?;
        Reflect::set(
            &options,
            &"httpMetadata".into(),
            &table(&[("contentType", self.content_type)])?.into(),
        )?;
        Reflect::set(&options, &"customMetadata".into(), &table(&about)?.into())?;
        Ok(options.into())
    }
}

fn shortened(text: &str) -> &str {
    let end = (0..=LONGEST_ABOUT.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

impl R2Object {
    /// Which version it is.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "objects have at most 5 TiB")]
    pub(super) fn version(&self) -> Version {
        Version {
            etag: self.etag(),
            modified_seconds: (self.uploaded().get_time() / 1000.0) as u64,
            size_bytes: self.size() as u64,
            focus: self.custom("focus").and_then(|focus| parse_focus(&focus)),
        }
    }

    /// Its body.
    pub(super) fn stream(&self) -> Option<ReadableStream> {
        self.body()
    }

    /// What is written beside it under a name.
    fn custom(&self, name: &str) -> Option<String> {
        Reflect::get(&self.custom_metadata(), &name.into()).ok()?.as_string()
    }

    /// Its media type.
    pub(super) fn content_type(&self) -> Option<String> {
        Reflect::get(&self.http_metadata(), &"contentType".into()).ok()?.as_string()
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> Bytes {
        Bytes::new(self.body(), Some(self.version().size_bytes), None)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: JsValue) -> StoreError {
    StoreError(describe(&error))
}
