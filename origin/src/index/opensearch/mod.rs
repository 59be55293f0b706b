//! The index in an OpenSearch cluster, for those who outgrow the catalog's. Not run against a live cluster: its requests
//! and answers are checked against contracts (`origin/tests/opensearch`).
//!
//! The catalog stays the truth. A change adds a job in its transaction; the job writes the picture as the catalog has it
//! then, under the time of its last change as version, so that an older state never replaces a newer one.

mod answer;
mod client;
mod document;
mod question;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use client::Failure;
pub use client::OpenSearch;
pub(crate) use client::parse;

use super::cursor;
use super::looks;
use super::search::{Alike, Found, Search, SearchError};
use crate::catalog::images::{self, Image};
use crate::store::db::Db;
use crate::work::JobError;

/// What an index of ours is made like.
const TEMPLATE: &str = include_str!("template.json");

/// Pictures that look like one: of more than so many that may, some are not looked at.
const MOST_ALIKE: usize = 5_000;

/// Whether the template is there, which is asked once.
#[derive(Debug, Default)]
pub(super) struct Ready(OnceCell<()>);

impl OpenSearch {
    /// Does such a job.
    pub(super) async fn renew(
        &self,
        db: &Db,
        tenant: &str,
        image: &str,
        now_ms: i64,
    ) -> Result<(), JobError> {
        self.prepare().await?;
        let lines = match images::find(db, tenant, image).await? {
            Some(image) if image.deleted_ms.is_none() => {
                let action = self.action("index", tenant, &image.id, image.updated_ms);
                format!("{action}\n{}\n", document::of(&image))
            }
            found => {
                let version =
                    found.map_or(now_ms, |image| image.updated_ms.max(image.deleted_ms.unwrap_or(0)));
                format!("{}\n", self.action("delete", tenant, image, version))
            }
        };
        let answer = self.post("/_bulk", "application/x-ndjson", lines).await?;
        Ok(answer::of_bulk(&answer)?)
    }

    fn action(&self, what: &str, tenant: &str, image: &str, version: i64) -> Value {
        json!({ what: {
            "_index": self.index(), "_id": image, "routing": tenant,
            "version": version, "version_type": "external_gte",
        } })
    }

    /// Puts the template there, before the first picture makes the index.
    async fn prepare(&self) -> Result<(), Failure> {
        let put = async {
            let mut template: Value = serde_json::from_str(TEMPLATE).map_err(|error| Failure::of(&error))?;
            if let Some(template) = template.as_object_mut() {
                template.insert("index_patterns".to_owned(), json!([self.index()]));
            }
            self.put(&format!("/_index_template/{}", self.index()), template.to_string()).await
        };
        self.ready.0.get_or_try_init(|| put).await.map(drop)
    }

    /// Finds pictures.
    pub(super) async fn search(&self, search: &Search) -> Result<Found, SearchError> {
        let place = search.cursor.as_deref().map(|text| question::Place::read(text, search)).transpose()?;
        if search.text.as_ref().is_some_and(super::Text::is_empty) {
            return Ok(Found { total_is_exact: true, ..Found::default() });
        }
        let asked = question::of(search, place.as_ref());
        let answer = self.ask(&search.tenant, &asked).await?;
        answer::of_search(search, place.as_ref(), &answer)
    }

    /// Finds pictures that look like one.
    pub(super) async fn similar(&self, image: &Image, most: usize) -> Result<Vec<Alike>, SearchError> {
        let Some(hash) = image.phash else { return Ok(Vec::new()) };
        let asked = json!({
            "size": MOST_ALIKE,
            "track_total_hits": false,
            "_source": ["image", "phash"],
            "query": { "bool": { "filter": [
                { "term": { "tenant": image.tenant } },
                { "terms": { "quarters": looks::neighbours(hash) } },
            ] } },
        });
        let answer = self.ask(&image.tenant, &asked).await?;
        Ok(answer::of_similar(image, hash, most, &answer)?)
    }

    async fn ask(&self, tenant: &str, asked: &Value) -> Result<Value, Failure> {
        let path = format!(
            "/{}/_search?routing={tenant}&ignore_unavailable=true&allow_no_indices=true",
            self.index()
        );
        self.post(&path, "application/json", asked.to_string()).await
    }
}

/// The question's name, which its cursors carry.
fn question_name(search: &Search) -> String {
    cursor::question(search)
}
