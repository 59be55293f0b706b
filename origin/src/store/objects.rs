//! The bucket: where pictures, what is derived from them, and what waits to be looked at are kept.
//!
//! A bucket that speaks S3, which the edge reads as well, or a folder where there is only this machine.

use std::fmt::{Display, Write as _};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use lenslet::sources::Credentials;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutOptions,
};
use sha2::{Digest as _, Sha256};

use super::bucket::Bucket;
use super::half_written;
use super::receive::{Expected, Fault, checked};
use super::signed_url::{ToSign, UrlSigner};
use crate::clock::Clock;

/// Pictures that may be asked for: `pictures/<tenant>/<name>`.
pub const PICTURES: &str = "pictures";
/// Uploads that nobody looked at yet: `uploads/<id>`.
pub const UPLOADS: &str = "uploads";
/// Variants of presets: `renditions/<tenant>/<image>/<version>/<preset>.<extension>`. Not `variants`: the edge may keep its
/// own there, in the same bucket.
pub const VARIANTS: &str = "renditions";
/// Pictures that were deleted and may come back: `deleted/<tenant>/<image>`.
pub const DELETED: &str = "deleted";
/// The header by which a store checks what it is sent.
pub const CHECKSUM: &str = "x-amz-checksum-sha256";

/// A failure of the bucket.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// It failed, or nobody answered.
    #[error("the bucket: {0}")]
    Store(#[from] object_store::Error),
    /// An object larger than its reader wants.
    #[error("the object is larger than {most} bytes")]
    TooLarge {
        /// What was wanted at most.
        most: u64,
    },
}

/// What is known of an object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Where it is.
    pub key: String,
    /// How long it is.
    pub size_bytes: u64,
    /// Names its bytes, as the bucket does; without quotes.
    pub etag: String,
    /// When it was written, in milliseconds since 1970.
    pub modified_ms: i64,
}

/// A request that somebody else may send in our name.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// Where to.
    pub url: String,
    /// What must be sent with it, in small letters.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for Presigned {
    /// Whoever has the URL may use it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presigned").field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// Why a body was not written.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// It is not what was announced.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The bucket failed.
    #[error(transparent)]
    Store(#[from] ObjectError),
}

impl From<object_store::Error> for PutError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What a presigned `PUT` is good for.
#[derive(Debug, Clone, Copy)]
pub struct PutTerms<'a> {
    /// So long is what may be sent.
    pub size_bytes: u64,
    /// What it is; of parts, nobody asks.
    pub media_type: Option<&'a str>,
    /// Its hash in hexadecimal; of parts, nobody knows.
    pub sha256: Option<&'a str>,
    /// The upload and the number, of a part.
    pub part: Option<(&'a str, u32)>,
    /// From when, in milliseconds since 1970.
    pub now_ms: i64,
    /// And how long.
    pub seconds: u64,
}

/// The bucket. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Objects {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) backend: Backend,
}

#[derive(Debug, Clone)]
pub(super) enum Backend {
    Folder { signer: Arc<UrlSigner>, root: PathBuf },
    Bucket(Arc<Bucket>),
}

impl Objects {
    /// A folder, made where there is none. Its presigned URLs are taken below `public_url`.
    pub fn folder(path: &FilePath, public_url: &str) -> Result<Self, ObjectError> {
        std::fs::create_dir_all(path).map_err(|error| failure(&error))?;
        let signer = UrlSigner::open(path, public_url).map_err(|error| failure(&error))?;
        // What was acknowledged must outlive a loss of power.
        let store = LocalFileSystem::new_with_prefix(path)?.with_automatic_cleanup(true).with_fsync(true);
        let backend = Backend::Folder { signer: Arc::new(signer), root: path.to_owned() };
        Ok(Self { store: Arc::new(store), backend })
    }

    /// A bucket that speaks S3.
    pub fn s3(
        bucket: &str,
        endpoint: &str,
        region: &str,
        credentials: &Credentials,
    ) -> Result<Self, ObjectError> {
        let bucket = Bucket::open(bucket, endpoint, region, credentials)?;
        Ok(Self { store: bucket.s3.clone(), backend: Backend::Bucket(Arc::new(bucket)) })
    }

    /// What knows our own presigned URLs again; nothing where the bucket takes them itself.
    pub fn url_signer(&self) -> Option<&UrlSigner> {
        match &self.backend {
            Backend::Folder { signer, .. } => Some(signer),
            Backend::Bucket(_) => None,
        }
    }

    /// Why no object can have this key, beside those that there are: in a folder, a file is no folder of others.
    pub fn obstacle(&self, key: &str) -> Option<&'static str> {
        let Backend::Folder { root, .. } = &self.backend else { return None };
        let mut path = root.clone();
        let mut steps = key.split('/').peekable();
        while let Some(step) = steps.next() {
            path.push(step);
            match steps.peek() {
                Some(_) if path.is_file() => return Some("one of its folders is a picture"),
                None if path.is_dir() => return Some("there is a folder of that name"),
                _ => {}
            }
        }
        None
    }

    /// A URL by which somebody else may write an object, or a part of one.
    pub fn presign_put(&self, key: &str, terms: &PutTerms<'_>) -> Presigned {
        let length = terms.size_bytes.to_string();
        let checksum = terms.sha256.map(checksum_header);
        let mut headers = vec![("content-length", length.as_str())];
        headers.extend(terms.media_type.map(|media_type| ("content-type", media_type)));
        headers.extend(checksum.as_deref().map(|checksum| (CHECKSUM, checksum)));
        let number = terms.part.map(|(_, number)| number.to_string());
        let mut query = Vec::new();
        query.extend(number.as_deref().map(|number| ("partNumber", number)));
        query.extend(terms.part.map(|(id, _)| ("uploadId", id)));
        let what = ToSign { method: "PUT", key, query: &query, headers: &headers };
        let now_seconds = u64::try_from(terms.now_ms / 1000).unwrap_or(0);
        let signer = match &self.backend {
            Backend::Folder { signer, .. } => signer,
            Backend::Bucket(bucket) => &bucket.signer,
        };
        signer.sign(&what, now_seconds, terms.seconds)
    }

    /// Writes an object out of a body as it comes, which is never held as a whole. Nothing is written where it is not what
    /// was announced.
    pub async fn put_stream<E: Display + Send + 'static>(
        &self,
        key: &str,
        media_type: &str,
        expected: &Expected,
        body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<(), PutError> {
        let body = checked(body, expected.clone());
        match &self.backend {
            Backend::Folder { .. } => self.write(key, body).await.map(drop),
            Backend::Bucket(bucket) => {
                let terms = PutTerms {
                    size_bytes: expected.size_bytes,
                    media_type: Some(media_type),
                    sha256: expected.sha256.as_deref(),
                    part: None,
                    now_ms: Clock::System.now_ms(),
                    seconds: 3600,
                };
                bucket.pass_on(self.presign_put(key, &terms), body).await
            }
        }
    }

    /// Writes a file, of which nothing is to be seen until it is whole; answers its etag.
    pub(super) async fn write(
        &self,
        key: &str,
        mut body: BoxStream<'static, Result<Bytes, Fault>>,
    ) -> Result<String, PutError> {
        /// Every piece that is written costs a thread's turn.
        const PIECE_BYTES: usize = 256 << 10;
        let mut file = self.store.put_multipart(&path(key)?).await?;
        let mut piece = BytesMut::new();
        let written: Result<String, PutError> = async {
            while let Some(bytes) = body.next().await {
                piece.extend_from_slice(&bytes?);
                if piece.len() >= PIECE_BYTES {
                    file.put_part(piece.split().freeze().into()).await?;
                }
            }
            file.put_part(piece.freeze().into()).await?;
            Ok(file.complete().await?.e_tag.unwrap_or_default().trim_matches('"').to_owned())
        }
        .await;
        if written.is_err() {
            // It goes by itself if this fails, too, when the folder is looked through.
            let _ = file.abort().await;
        }
        written
    }

    /// Reads an object, or so many bytes of it, as they come; nothing where there is none.
    pub async fn read(
        &self,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, BoxStream<'static, Result<Bytes, ObjectError>>)>, ObjectError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        match self.store.get_opts(&path(key)?, options).await {
            Ok(found) => {
                let about = info(found.meta.clone());
                Ok(Some((about, found.into_stream().map_err(ObjectError::from).boxed())))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The SHA-256 of an object in hexadecimal: what the store attests, or what its bytes say.
    pub async fn sha256(&self, key: &str) -> Result<Option<String>, ObjectError> {
        if let Backend::Bucket(bucket) = &self.backend
            && let Some(hash) = bucket.attested_sha256(&path(key)?).await?
        {
            return Ok(Some(hash));
        }
        let Some((_, mut bytes)) = self.read(key, None).await? else { return Ok(None) };
        let mut hash = Sha256::new();
        while let Some(piece) = bytes.next().await {
            hash.update(piece?);
        }
        Ok(Some(hex(&hash.finalize())))
    }

    /// Writes an object; what was there is replaced as a whole.
    pub async fn put(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<(), ObjectError> {
        let mut attributes = Attributes::new();
        // A folder keeps no attributes, and says so by refusing them.
        if self.is_bucket() {
            attributes.insert(Attribute::ContentType, media_type.to_owned().into());
        }
        let options = PutOptions { attributes, ..PutOptions::default() };
        self.store.put_opts(&path(key)?, bytes.into(), options).await?;
        Ok(())
    }

    /// Reads a whole object of at most `most` bytes; nothing where there is none.
    pub async fn get(&self, key: &str, most: u64) -> Result<Option<Bytes>, ObjectError> {
        match self.store.get(&path(key)?).await {
            Ok(found) if found.meta.size > most => Err(ObjectError::TooLarge { most }),
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What is known of an object; nothing where there is none.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, ObjectError> {
        match self.store.head(&path(key)?).await {
            Ok(meta) => Ok(Some(info(meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes `to` the same as `from`; answers whether there was such an object.
    pub async fn copy(&self, from: &str, to: &str) -> Result<bool, ObjectError> {
        match self.store.copy(&path(from)?, &path(to)?).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object, if there is one.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        match self.store.delete(&path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Every object below a folder; of a bucket, in the order of the bytes of their keys.
    pub fn list(&self, folder: &str) -> BoxStream<'static, Result<ObjectInfo, ObjectError>> {
        match path(folder) {
            Ok(path) => self.store.list(Some(&path)).map_ok(info).map_err(ObjectError::from).boxed(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    /// Deletes what is left in a folder of files that nobody writes any more.
    pub async fn clear_half_written(&self) -> Result<(), ObjectError> {
        /// Nobody who still writes one pauses so long: no request takes longer.
        const PAUSE: Duration = Duration::from_hours(1);
        let Backend::Folder { root, .. } = &self.backend else { return Ok(()) };
        let now = Duration::from_millis(u64::try_from(Clock::System.now_ms()).unwrap_or(0));
        let before = UNIX_EPOCH + now.saturating_sub(PAUSE);
        let root = root.clone();
        let cleared = tokio::task::spawn_blocking(move || half_written::clear(&root, before)).await;
        let cleared = cleared.map_err(|error| failure(&error))?.map_err(|error| failure(&error))?;
        if cleared > 0 {
            tracing::info!(cleared, "files were half-written when the service was ended");
        }
        Ok(())
    }

    /// Whether it speaks S3, and so lists in order.
    pub fn is_bucket(&self) -> bool {
        matches!(self.backend, Backend::Bucket(_))
    }
}

/// Keys are checked where they come in, and are taken as they are: `From` would encode some of their characters.
pub(super) fn path(key: &str) -> Result<Path, ObjectError> {
    Path::parse(key).map_err(|error| ObjectError::Store(error.into()))
}

fn info(meta: object_store::ObjectMeta) -> ObjectInfo {
    ObjectInfo {
        key: meta.location.to_string(),
        size_bytes: meta.size,
        etag: meta.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
        modified_ms: meta.last_modified.timestamp_millis(),
    }
}

pub(super) fn failure(cause: &impl Display) -> ObjectError {
    ObjectError::Store(object_store::Error::Generic { store: "bucket", source: cause.to_string().into() })
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A hash in hexadecimal, as the header `x-amz-checksum-sha256` has it.
pub fn checksum_header(sha256: &str) -> String {
    STANDARD.encode(unhex(sha256))
}

/// And back; of what is no hexadecimal, as far as it goes.
fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map_while(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}
