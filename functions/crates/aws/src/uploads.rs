use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use habeas_domain::StoreError;

use crate::Bucket;
use crate::error::unavailable;
use crate::objects::whole;

/// An open multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub key: String,
    pub id: String,
}

/// Objects made of parts.
impl Bucket {
    /// The open upload of a key, or a new one: a repeated step goes on with the first one's parts.
    pub async fn open_upload(&self, key: &str, content_type: &str) -> Result<Upload, StoreError> {
        if let Some(upload) = self.open_uploads(key).await?.into_iter().find(|upload| upload.key == key) {
            return Ok(upload);
        }
        self.create_upload(key, content_type).await
    }

    /// A new upload, whatever others of the key are open.
    pub async fn create_upload(&self, key: &str, content_type: &str) -> Result<Upload, StoreError> {
        let created = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .send()
            .await
            .map_err(unavailable)?;
        let id =
            created.upload_id.ok_or_else(|| StoreError::Unavailable("S3 gave the upload no id".into()))?;
        Ok(Upload { key: key.to_owned(), id })
    }

    /// Gives up every open upload under a prefix.
    pub async fn abort_uploads(&self, prefix: &str) -> Result<(), StoreError> {
        for upload in self.open_uploads(prefix).await? {
            self.client
                .abort_multipart_upload()
                .bucket(&self.name)
                .key(&upload.key)
                .upload_id(&upload.id)
                .send()
                .await
                .map_err(unavailable)?;
        }
        Ok(())
    }

    async fn open_uploads(&self, prefix: &str) -> Result<Vec<Upload>, StoreError> {
        let mut uploads = Vec::new();
        let (mut key_marker, mut upload_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_multipart_uploads()
                .bucket(&self.name)
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_upload_id_marker(upload_marker)
                .send()
                .await
                .map_err(unavailable)?;
            let is_truncated = page.is_truncated() == Some(true);
            let found = page.uploads.unwrap_or_default().into_iter();
            uploads.extend(found.filter_map(|u| Some(Upload { key: u.key?, id: u.upload_id? })));
            if !is_truncated {
                return Ok(uploads);
            }
            (key_marker, upload_marker) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    /// The parts that are there already, by number, with their size and entity tag.
    pub async fn parts(&self, upload: &Upload) -> Result<Vec<(i32, u64, String)>, StoreError> {
        let mut parts = Vec::new();
        let mut pages = self
            .client
            .list_parts()
            .bucket(&self.name)
            .key(&upload.key)
            .upload_id(&upload.id)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for part in page.map_err(unavailable)?.parts.unwrap_or_default() {
                if let (Some(number), Some(tag)) = (part.part_number, part.e_tag) {
                    parts.push((number, whole(part.size), tag));
                }
            }
        }
        Ok(parts)
    }

    /// Makes a part of a range of another object, without the bytes passing through here.
    pub async fn copy_part(
        &self,
        upload: &Upload,
        number: i32,
        from: (&Bucket, &str),
        range: Range<u64>,
    ) -> Result<String, StoreError> {
        let (source, key) = from;
        let copied = self
            .client
            .upload_part_copy()
            .bucket(&self.name)
            .key(&upload.key)
            .upload_id(&upload.id)
            .part_number(number)
            .copy_source(format!("{}/{key}", source.name))
            .copy_source_range(format!("bytes={}-{}", range.start, range.end - 1))
            .send()
            .await
            .map_err(unavailable)?;
        tag(copied.copy_part_result.and_then(|result| result.e_tag))
    }

    pub async fn put_part(
        &self,
        upload: &Upload,
        number: i32,
        content: Vec<u8>,
    ) -> Result<String, StoreError> {
        let put = self
            .client
            .upload_part()
            .bucket(&self.name)
            .key(&upload.key)
            .upload_id(&upload.id)
            .part_number(number)
            .body(ByteStream::from(content))
            .send()
            .await
            .map_err(unavailable)?;
        tag(put.e_tag)
    }

    /// Makes the object visible, of these parts in this order.
    pub async fn complete_upload(&self, upload: &Upload, tags: Vec<String>) -> Result<(), StoreError> {
        let parts = tags
            .into_iter()
            .zip(1..)
            .map(|(tag, number)| CompletedPart::builder().e_tag(tag).part_number(number).build());
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        self.client
            .complete_multipart_upload()
            .bucket(&self.name)
            .key(&upload.key)
            .upload_id(&upload.id)
            .multipart_upload(parts)
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }
}

fn tag(tag: Option<String>) -> Result<String, StoreError> {
    tag.ok_or_else(|| StoreError::Unavailable("S3 gave a part no entity tag".into()))
}
