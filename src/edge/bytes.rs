//! The bytes of a body, copied into linear memory piece by piece.

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use web_sys::{
    AbortController, ReadableStream, ReadableStreamGetReaderOptions, ReadableStreamReaderMode, Response,
};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::describe;
use crate::serve::ports::{Blob, PIECE_BYTES, StoreError};

/// Bodies up to so many bytes are taken at once; of others, at most so many lie outside of linear memory.
const AT_ONCE_BYTES: u64 = 1 << 20;

/// What is waited for at least, so that there are not many waits for a body.
const LEAST_BYTES: u32 = 1 << 16;
/// What may come at once.
const MOST_BYTES: u32 = 1 << 18;

#[wasm_bindgen]
extern "C" {
    /// The reader of a byte stream that has been given room, as workerd has it.
    #[derive(Clone)]
    type Reader;

    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    fn read_at_least(this: &Reader, least: u32, room: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &Reader) -> Result<Promise, JsValue>;
}

/// A body, still JavaScript's.
pub(super) struct Bytes {
    rest: Rest,
    /// What has come and was not all copied in.
    come: Uint8Array,
    /// So many of these were.
    copied: u32,
    /// Calls the request off when nobody wants its body any more.
    _call: Option<Call>,
}

enum Rest {
    /// Nobody has looked yet. It has so many bytes, as far as that is known.
    Unread(ReadableStream, Option<u64>),
    Coming(Reader),
    Ended,
}

/// A request on its way, which is called off when it is dropped.
pub(super) struct Call(pub(super) AbortController);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Bytes {
    /// The bytes of a body, of which there are so many, as far as that is known.
    pub(super) fn new(body: Option<ReadableStream>, size_bytes: Option<u64>, call: Option<Call>) -> Self {
        let rest = body.map_or(Rest::Ended, |body| Rest::Unread(body, size_bytes));
        Self { rest, come: Uint8Array::new_with_length(0), copied: 0, _call: call }
    }

    /// What comes next; nothing at the end.
    async fn wait(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        match &self.rest {
            Rest::Ended => Ok(None),
            Rest::Coming(reader) => {
                let come = read(reader).await?;
                if come.is_none() {
                    self.rest = Rest::Ended;
                }
                Ok(come)
            }
            Rest::Unread(body, size_bytes) if size_bytes.is_some_and(|size| size <= AT_ONCE_BYTES) => {
                let come = gather(body).await;
                self.rest = Rest::Ended;
                come.map(Some)
            }
            Rest::Unread(body, _) => {
                let options = ReadableStreamGetReaderOptions::new();
                options.set_mode(ReadableStreamReaderMode::Byob);
                let reader: Reader = body.get_reader_with_options(&options).unchecked_into();
                // Before it is waited for: whoever gives up then has it to cancel.
                self.rest = Rest::Coming(reader.clone());
                read(&reader).await
            }
        }
    }
}

async fn gather(body: &ReadableStream) -> Result<Uint8Array, JsValue> {
    let response = Response::new_with_opt_readable_stream(Some(body))?;
    let gathered = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&gathered.unchecked_into::<ArrayBuffer>()))
}

async fn read(reader: &Reader) -> Result<Option<Uint8Array>, JsValue> {
    let room = Uint8Array::new_with_length(MOST_BYTES);
    let result = JsFuture::from(reader.read_at_least(LEAST_BYTES, &room)?).await?;
    // The last bytes come with the end.
    let come = Reflect::get(&result, &"value".into())?.dyn_into::<Uint8Array>().ok();
    Ok(come.filter(|come| come.length() > 0))
}

impl Blob for Bytes {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        while self.copied == self.come.length() {
            let Some(come) = self.wait().await.map_err(|error| StoreError(describe(&error)))? else {
                return Ok(None);
            };
            (self.come, self.copied) = (come, 0);
        }
        // However much comes at once, linear memory takes no more of it.
        let end = self.come.length().min(self.copied.saturating_add(PIECE_BYTES));
        let piece = self.come.subarray(self.copied, end).to_vec();
        self.copied = end;
        Ok(Some(piece))
    }
}

impl Drop for Bytes {
    /// Whoever sends it need not go on.
    fn drop(&mut self) {
        let cancelled = match &self.rest {
            Rest::Coming(reader) => reader.cancel(),
            Rest::Unread(body, _) => Ok(body.cancel()),
            Rest::Ended => return,
        };
        if let Ok(promise) = cancelled {
            ignore(promise);
        }
    }
}

/// Nobody waits for it, and it may fail.
fn ignore(promise: Promise) {
    worker::wasm_bindgen_futures::spawn_local(async {
        let _ = JsFuture::from(promise).await;
    });
}
