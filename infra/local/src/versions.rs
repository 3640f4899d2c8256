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

/// What a bucket has listed.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) versions: Vec<Version>,
    /// That an object was deleted, where its versions stay.
    pub(crate) delete_markers: Vec<Version>,
}

/// Every version of every object: in a versioned bucket, what was overwritten or
/// deleted is still there.
pub(crate) async fn versions(s3: &Client, bucket: &str, prefix: Option<&str>) -> Result<Vec<Version>> {
    Ok(listing(s3, bucket, prefix).await?.versions)
}

/// The same, with the delete markers.
pub(crate) async fn listing(s3: &Client, bucket: &str, prefix: Option<&str>) -> Result<Listing> {
    let mut found = Listing::default();
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
        let version = |key: Option<&str>, id: Option<&str>, is_latest: Option<bool>| {
            Some(Version { key: key?.to_owned(), id: id?.to_owned(), is_latest: is_latest == Some(true) })
        };
        let versions = page.versions().iter();
        found.versions.extend(versions.filter_map(|v| version(v.key(), v.version_id(), v.is_latest())));
        let markers = page.delete_markers().iter();
        found.delete_markers.extend(markers.filter_map(|m| version(m.key(), m.version_id(), m.is_latest())));
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
