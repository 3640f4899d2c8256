use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use habeas_domain::StoreError;

use crate::Aws;
use crate::error::unavailable;

/// S3 deletes at most this many objects in one call.
const DELETIONS_MAX: usize = 1_000;

/// A bucket and what Habeas does in it.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    pub bytes: u64,
}

impl Bucket {
    #[must_use]
    pub fn new(aws: &Aws, name: String) -> Self {
        Self { client: aws.s3(), name }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub async fn put(&self, key: &str, content: Vec<u8>, content_type: &str) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(content))
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    /// Stores an object under a key that is free. `Conflict` where it is not.
    pub async fn put_new(&self, key: &str, content: Vec<u8>, content_type: &str) -> Result<(), StoreError> {
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .if_none_match("*")
            .body(ByteStream::from(content))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("PreconditionFailed") => Err(StoreError::Conflict),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The whole object, or nothing where there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(found) => found,
            Err(error) => {
                return match error.as_service_error() {
                    Some(GetObjectError::NoSuchKey(_)) => Ok(None),
                    _ => Err(unavailable(error)),
                };
            }
        };
        let content = found.body.collect().await.map_err(unavailable)?;
        Ok(Some(content.to_vec()))
    }

    /// The object's size, or nothing where there is none.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, StoreError> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(found) => Ok(Some(whole(found.content_length))),
            Err(error) => match error.as_service_error() {
                Some(HeadObjectError::NotFound(_)) => Ok(None),
                _ => Err(unavailable(error)),
            },
        }
    }

    /// All objects under a prefix, in order of key.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Object>, StoreError> {
        let mut objects = Vec::new();
        let mut pages =
            self.client.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            for object in page.map_err(unavailable)?.contents.unwrap_or_default() {
                if let Some(key) = object.key {
                    objects.push(Object { key, bytes: whole(object.size) });
                }
            }
        }
        Ok(objects)
    }

    /// Deletes every object under a prefix.
    pub async fn delete_prefix(&self, prefix: &str) -> Result<(), StoreError> {
        let objects = self.list(prefix).await?;
        let targets: Vec<_> = objects.into_iter().map(|object| (object.key, None)).collect();
        self.delete_all(targets).await
    }

    /// Deletes an object for good: every version of it and every delete marker.
    pub async fn delete_versions(&self, key: &str) -> Result<(), StoreError> {
        let versions = self.versions(key, |other| other == key).await?;
        self.delete_all(versions).await
    }

    /// The same with every object under a prefix.
    pub async fn delete_versions_under(&self, prefix: &str) -> Result<(), StoreError> {
        let versions = self.versions(prefix, |key| key.starts_with(prefix)).await?;
        self.delete_all(versions).await
    }

    /// Whether there is any version of an object, or a delete marker.
    pub async fn has_versions(&self, key: &str) -> Result<bool, StoreError> {
        Ok(!self.versions(key, |other| other == key).await?.is_empty())
    }

    /// All versions and delete markers of the keys that are wanted, the first of
    /// which is not before `prefix`.
    async fn versions(
        &self,
        prefix: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let mut versions = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_object_versions()
                .bucket(&self.name)
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_version_id_marker(version_marker)
                .send()
                .await
                .map_err(unavailable)?;
            let kept = page.versions().iter().map(|v| (v.key.clone(), v.version_id.clone()));
            let markers = page.delete_markers().iter().map(|m| (m.key.clone(), m.version_id.clone()));
            let found = kept.chain(markers).filter_map(|(key, version)| Some((key?, version)));
            versions.extend(found.filter(|(key, _)| is_wanted(key)));
            // Keys come in order: behind the last that is wanted there is no other.
            let past = page.next_key_marker().is_some_and(|next| !is_wanted(next));
            if page.is_truncated() != Some(true) || past {
                return Ok(versions);
            }
            (key_marker, version_marker) = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    async fn delete_all(&self, targets: Vec<(String, Option<String>)>) -> Result<(), StoreError> {
        for batch in targets.chunks(DELETIONS_MAX) {
            let mut objects = Vec::with_capacity(batch.len());
            for (key, version) in batch {
                let object = ObjectIdentifier::builder().key(key).set_version_id(version.clone()).build();
                objects.push(object.map_err(unavailable)?);
            }
            let delete =
                Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(unavailable)?;
            let done = self
                .client
                .delete_objects()
                .bucket(&self.name)
                .delete(delete)
                .send()
                .await
                .map_err(unavailable)?;
            if let Some(refused) = done.errors().first() {
                let code = refused.code().unwrap_or("no code").to_owned();
                return Err(StoreError::Unavailable(format!("S3 did not delete an object: {code}").into()));
            }
        }
        Ok(())
    }
}

pub(crate) fn whole(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0)
}
