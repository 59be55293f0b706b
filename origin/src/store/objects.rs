//! The bucket: where pictures, what is derived from them, and what waits to be looked at are kept.
//!
//! A bucket that speaks S3, which the edge reads as well, or a folder where there is only this machine.

use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use lenslet::sources::Credentials;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutOptions,
};

/// Pictures that may be asked for: `pictures/<tenant>/<name>`.
pub const PICTURES: &str = "pictures";
/// Uploads that nobody looked at yet: `uploads/<id>`.
pub const UPLOADS: &str = "uploads";
/// Variants of presets: `variants/<tenant>/<image>/<version>/<preset>.<extension>`.
pub const VARIANTS: &str = "variants";
/// Pictures that were deleted and may come back: `deleted/<tenant>/<image>`.
pub const DELETED: &str = "deleted";

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

/// The bucket. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
}

impl Objects {
    /// A folder, made where there is none.
    pub fn folder(path: &FilePath) -> Result<Self, ObjectError> {
        std::fs::create_dir_all(path)
            .map_err(|error| object_store::Error::Generic { store: "folder", source: Box::new(error) })?;
        let store = LocalFileSystem::new_with_prefix(path)?.with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store) })
    }

    /// A bucket that speaks S3.
    pub fn s3(
        bucket: &str,
        endpoint: &str,
        region: &str,
        credentials: &Credentials,
    ) -> Result<Self, ObjectError> {
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
        let store: AmazonS3 = builder.build()?;
        Ok(Self { store: Arc::new(store) })
    }

    /// Writes an object; what was there is replaced as a whole.
    pub async fn put(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<(), ObjectError> {
        let mut attributes = Attributes::new();
        // A folder keeps no attributes, and says so by refusing them.
        if self.is_bucket() {
            attributes.insert(Attribute::ContentType, media_type.to_owned().into());
        }
        let options = PutOptions { attributes, ..PutOptions::default() };
        self.store.put_opts(&path(key), bytes.into(), options).await?;
        Ok(())
    }

    /// Reads a whole object of at most `most` bytes; nothing where there is none.
    pub async fn get(&self, key: &str, most: u64) -> Result<Option<Bytes>, ObjectError> {
        match self.store.get(&path(key)).await {
            Ok(found) if found.meta.size > most => Err(ObjectError::TooLarge { most }),
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads an object, or so many bytes of it, as they come; nothing where there is none.
    pub async fn read(
        &self,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, BoxStream<'static, Result<Bytes, ObjectError>>)>, ObjectError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        match self.store.get_opts(&path(key), options).await {
            Ok(found) => {
                let about = info(found.meta.clone());
                Ok(Some((about, found.into_stream().map_err(ObjectError::from).boxed())))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What is known of an object; nothing where there is none.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, ObjectError> {
        match self.store.head(&path(key)).await {
            Ok(meta) => Ok(Some(info(meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes `to` the same as `from`; answers whether there was such an object.
    pub async fn copy(&self, from: &str, to: &str) -> Result<bool, ObjectError> {
        match self.store.copy(&path(from), &path(to)).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object, if there is one.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        match self.store.delete(&path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Every object below a folder.
    pub fn list(&self, folder: &str) -> BoxStream<'_, Result<ObjectInfo, ObjectError>> {
        self.store.list(Some(&path(folder))).map_ok(info).map_err(ObjectError::from).boxed()
    }

    fn is_bucket(&self) -> bool {
        !self.store.to_string().starts_with("LocalFileSystem")
    }
}

/// Keys are checked where they come in, and mean what they say.
fn path(key: &str) -> Path {
    Path::from(key)
}

fn info(meta: object_store::ObjectMeta) -> ObjectInfo {
    ObjectInfo {
        key: meta.location.to_string(),
        size_bytes: meta.size,
        etag: meta.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
        modified_ms: meta.last_modified.timestamp_millis(),
    }
}
