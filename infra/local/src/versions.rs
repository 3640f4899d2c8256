use aws_sdk_s3::Client;

use crate::{LocalError, Result};

/// One version of an object.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) key: String,
    pub(crate) id: String,
    /// Whether it is what a read without a version gives.
    pub(crate) is_latest: bool,
}

/// Every version of every object: in a versioned bucket, what was overwritten or
/// deleted is still there.
pub(crate) async fn versions(s3: &Client, bucket: &str, prefix: Option<&str>) -> Result<Vec<Version>> {
    let mut found = Vec::new();
    let (mut key_marker, mut version_marker) = (None, None);
    loop {
        let page = s3
            .list_object_versions()
            .bucket(bucket)
            .set_prefix(prefix.map(str::to_owned))
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker)
            .send()
            .await
            .map_err(LocalError::aws(format!("list bucket {bucket}")))?;
        found.extend(page.versions().iter().filter_map(|version| {
            let (key, id) = (version.key()?.to_owned(), version.version_id()?.to_owned());
            Some(Version { key, id, is_latest: version.is_latest() == Some(true) })
        }));
        if page.is_truncated() != Some(true) {
            return Ok(found);
        }
        key_marker = page.next_key_marker;
        version_marker = page.next_version_id_marker;
    }
}

/// The bytes of this version.
pub(crate) async fn read(s3: &Client, bucket: &str, version: &Version) -> Result<Vec<u8>> {
    let action = || format!("read {} in bucket {bucket}", version.key);
    let object = s3.get_object().bucket(bucket).key(&version.key).version_id(&version.id);
    let object = object.send().await.map_err(LocalError::aws(action()))?;
    let bytes = object.body.collect().await.map_err(LocalError::aws(action()))?;
    Ok(bytes.to_vec())
}
