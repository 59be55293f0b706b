//! Uploads in parts: of a bucket, or kept in a folder until all of them are there.

use std::fmt::Display;

use bytes::Bytes;
use futures_util::stream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{Attribute, Attributes, ObjectStoreExt as _, PutMultipartOptions};

use super::objects::{Backend, ObjectError, ObjectInfo, Objects, PutError, failure, path};
use super::receive::{Expected, Fault, checked};
use crate::catalog::new_id;

/// In a folder, parts that wait for the others: `parts/<upload>/<number>`.
pub const PARTS: &str = "parts";

/// A part of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// How long it is.
    pub size_bytes: u64,
    /// Names its bytes, as the bucket does; without quotes.
    pub etag: String,
}

impl Objects {
    /// Begins an upload in parts; answers the store's name for it.
    pub async fn create_parts(&self, key: &str, media_type: &str) -> Result<String, ObjectError> {
        match &self.backend {
            Backend::Folder { .. } => Ok(new_id()),
            Backend::Bucket(bucket) => {
                let attributes = Attributes::from_iter([(Attribute::ContentType, media_type.to_owned())]);
                let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
                Ok(bucket.s3.create_multipart_opts(&path(key)?, options).await?)
            }
        }
    }

    /// Writes a part into a folder; answers its etag.
    pub async fn put_part<E: Display + Send + 'static>(
        &self,
        multipart_id: &str,
        number: u32,
        size_bytes: u64,
        body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<String, PutError> {
        let body = checked(body, Expected { size_bytes, sha256: None });
        self.write(&part_key(multipart_id, number), body).await
    }

    /// The parts that are there, in order; nothing where the store does not tell, as wrangler's local R2 does not.
    pub async fn parts(&self, key: &str, multipart_id: &str) -> Result<Option<Vec<Part>>, ObjectError> {
        let mut parts = match &self.backend {
            Backend::Bucket(bucket) => bucket.parts(&path(key)?, multipart_id).await?,
            Backend::Folder { .. } => Some(self.parts_in_folder(multipart_id).await?),
        };
        if let Some(parts) = &mut parts {
            parts.sort_by_key(|part| part.number);
        }
        Ok(parts)
    }

    async fn parts_in_folder(&self, multipart_id: &str) -> Result<Vec<Part>, ObjectError> {
        let all = self.list(&format!("{PARTS}/{multipart_id}"));
        all.try_filter_map(|info| async move { Ok(as_part(info)) }).try_collect().await
    }

    /// Makes an object of its parts.
    pub async fn complete_parts(
        &self,
        key: &str,
        multipart_id: &str,
        parts: &[Part],
    ) -> Result<(), ObjectError> {
        let Backend::Bucket(bucket) = &self.backend else { return self.join(key, multipart_id, parts).await };
        // In quotes, as the store gave them: some compare them as text.
        let etag = |part: &Part| PartId { content_id: format!("\"{}\"", part.etag) };
        let ids = parts.iter().map(etag).collect();
        bucket.s3.complete_multipart(&path(key)?, &multipart_id.to_owned(), ids).await?;
        Ok(())
    }

    async fn join(&self, key: &str, multipart_id: &str, parts: &[Part]) -> Result<(), ObjectError> {
        let store = self.store.clone();
        let paths: Result<Vec<Path>, ObjectError> =
            parts.iter().map(|part| path(&part_key(multipart_id, part.number))).collect();
        let all = stream::iter(paths?).then(move |path| {
            let store = store.clone();
            async move { store.get(&path).await.map(object_store::GetResult::into_stream) }
        });
        let body = all.try_flatten().map_err(|error| Fault::Broken(error.to_string()));
        match self.write(key, body.boxed()).await {
            Ok(_) => self.abort_parts(key, multipart_id).await,
            Err(PutError::Store(error)) => Err(error),
            Err(PutError::Fault(fault)) => Err(failure(&fault)),
        }
    }

    /// Forgets an upload in parts, if there is one.
    pub async fn abort_parts(&self, key: &str, multipart_id: &str) -> Result<(), ObjectError> {
        match &self.backend {
            Backend::Bucket(bucket) => {
                match bucket.s3.abort_multipart(&path(key)?, &multipart_id.to_owned()).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                    Err(error) => Err(error.into()),
                }
            }
            Backend::Folder { .. } => {
                for part in self.parts_in_folder(multipart_id).await? {
                    self.delete(&part_key(multipart_id, part.number)).await?;
                }
                Ok(())
            }
        }
    }
}

fn part_key(multipart_id: &str, number: u32) -> String {
    format!("{PARTS}/{multipart_id}/{number}")
}

fn as_part(info: ObjectInfo) -> Option<Part> {
    let number = info.key.rsplit('/').next()?.parse().ok()?;
    Some(Part { number, size_bytes: info.size_bytes, etag: info.etag })
}
