use std::collections::BTreeMap;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::{ByteStream, DateTime as SdkTime};
use chrono::{DateTime, Utc};
use habeas_domain::StoreError;

use crate::Bucket;
use crate::error::unavailable;
use crate::objects::whole;

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    /// None where the listing is one of current objects only.
    pub version: Option<String>,
    pub is_current: bool,
    pub bytes: u64,
    pub last_modified: Option<DateTime<Utc>>,
}

/// Objects of a listing, and where it goes on.
#[derive(Debug, Default)]
pub struct ListPage {
    pub objects: Vec<Listed>,
    pub next: Option<ListedBehind>,
}

/// Behind which key, and which version of it, a listing goes on. A page may have
/// nothing but markers of deletions, and still not be the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBehind {
    pub key: String,
    pub version: Option<String>,
}

/// An object that is being read: what is known of it, and what it holds.
#[derive(Debug)]
pub struct Original {
    pub bytes: u64,
    pub content_type: Option<String>,
    pub last_modified: Option<DateTime<Utc>>,
    /// What the product has written beside the object.
    pub metadata: BTreeMap<String, String>,
    /// Names this very content.
    pub tag: String,
    body: ByteStream,
}

impl Original {
    /// The next piece of the content; none at its end.
    pub async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, StoreError> {
        self.body.next().await.transpose().map_err(unavailable)
    }
}

/// Objects that somebody else keeps, with all that is about them.
impl Bucket {
    /// Current objects under a prefix, behind a key.
    pub async fn list_behind(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: i32,
    ) -> Result<ListPage, StoreError> {
        let listed = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .set_start_after(after.map(ToOwned::to_owned))
            .max_keys(limit)
            .send()
            .await
            .map_err(unavailable)?;
        let more = listed.is_truncated == Some(true);
        let objects = listed.contents.unwrap_or_default().into_iter().filter_map(|object| {
            Some(Listed {
                key: object.key?,
                version: None,
                is_current: true,
                bytes: whole(object.size),
                last_modified: object.last_modified.and_then(time),
            })
        });
        let objects: Vec<_> = objects.collect();
        let last = objects.last().map(|last| ListedBehind { key: last.key.clone(), version: None });
        let next = going_on(more, last)?;
        Ok(ListPage { objects, next })
    }

    /// All versions of the objects under a prefix, behind one of them. Markers
    /// of deletions hold nothing, and are given where they are asked for.
    pub async fn list_versions_behind(
        &self,
        prefix: &str,
        after: Option<&ListedBehind>,
        limit: i32,
        with_markers: bool,
    ) -> Result<ListPage, StoreError> {
        let listed = self
            .client
            .list_object_versions()
            .bucket(&self.name)
            .prefix(prefix)
            .set_key_marker(after.map(|after| after.key.clone()))
            .set_version_id_marker(after.and_then(|after| after.version.clone()))
            .max_keys(limit)
            .send()
            .await
            .map_err(unavailable)?;
        let versions = listed.versions.unwrap_or_default().into_iter().filter_map(|version| {
            Some(Listed {
                key: version.key?,
                version: version.version_id,
                is_current: version.is_latest == Some(true),
                bytes: whole(version.size),
                last_modified: version.last_modified.and_then(time),
            })
        });
        let markers = listed.delete_markers.unwrap_or_default().into_iter().filter_map(|marker| {
            Some(Listed {
                key: marker.key?,
                version: marker.version_id,
                is_current: marker.is_latest == Some(true),
                bytes: 0,
                last_modified: marker.last_modified.and_then(time),
            })
        });
        let mut objects: Vec<_> = versions.chain(markers.filter(|_| with_markers)).collect();
        // What is of one object stands together.
        objects.sort_by(|one, other| one.key.cmp(&other.key));
        let version = listed.next_version_id_marker;
        let next = listed.next_key_marker.map(|key| ListedBehind { key, version });
        let next = going_on(listed.is_truncated == Some(true), next)?;
        Ok(ListPage { objects, next })
    }

    /// Begins to read an object, or one version of it; nothing where there is none.
    pub async fn open(&self, key: &str, version: Option<&str>) -> Result<Option<Original>, StoreError> {
        let found = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .set_version_id(version.map(ToOwned::to_owned))
            .send()
            .await;
        match found {
            Ok(found) => Ok(Some(Original {
                bytes: whole(found.content_length),
                content_type: found.content_type,
                last_modified: found.last_modified.and_then(time),
                metadata: found.metadata.unwrap_or_default().into_iter().collect(),
                tag: found.e_tag.unwrap_or_default(),
                body: found.body,
            })),
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "NoSuchVersion")) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The tags of an object, or of one version of it.
    pub async fn tags(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let found = self
            .client
            .get_object_tagging()
            .bucket(&self.name)
            .key(key)
            .set_version_id(version.map(ToOwned::to_owned))
            .send()
            .await
            .map_err(unavailable)?;
        Ok(found.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }
}

/// Where a listing goes on that is not over. One that does not say where would
/// pass for one that is.
fn going_on(more: bool, next: Option<ListedBehind>) -> Result<Option<ListedBehind>, StoreError> {
    match (more, next) {
        (false, _) => Ok(None),
        (true, Some(next)) => Ok(Some(next)),
        (true, None) => Err(StoreError::Unavailable("a listing has more and says not where".into())),
    }
}

fn time(time: SdkTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), 0)
}
