use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;

use crate::surveys::{self, PREFIX};
use crate::tree::files_below;
use crate::versions::versions;
use crate::{Clients, LocalError, Result};

/// What people have behind them in meetings: `backgrounds/<account>/<user>/…`.
const BACKGROUNDS: &str = "backgrounds/";

/// Uploads the folder's survey documents, and says how many answers they hold.
pub(crate) async fn upload_surveys(clients: &Clients, bucket: &str, dir: &Path) -> Result<usize> {
    let mut answers = 0;
    for name in files_below(&dir.join(PREFIX))? {
        let (key, bytes) = read(dir, PREFIX, &name)?;
        if surveys::is_document(&key) {
            let found = surveys::answers(&key, &bytes).map_err(|problem| LocalError::Data {
                file: dir.join(&key),
                line: 1,
                problem,
            })?;
            answers += found.len();
            let put = clients.s3.put_object().bucket(bucket).key(&key).content_type("application/json");
            let put = put.body(ByteStream::from(bytes)).send().await;
            put.map_err(LocalError::aws(format!("upload {key}")))?;
        }
    }
    if answers > 0 {
        remove_older_versions(clients, bucket, PREFIX).await?;
    }
    Ok(answers)
}

/// Uploads the folder's backgrounds as the product does, and says how many there are.
pub(crate) async fn upload_backgrounds(clients: &Clients, bucket: &str, dir: &Path) -> Result<usize> {
    let names = files_below(&dir.join(BACKGROUNDS))?;
    for name in &names {
        let (key, bytes) = read(dir, BACKGROUNDS, name)?;
        let put = clients.s3.put_object().bucket(bucket).key(&key).content_type(content_type(&key));
        let put = put.metadata("uploaded-with", "web").tagging("kind=background");
        let put = put.body(ByteStream::from(bytes)).send().await;
        put.map_err(LocalError::aws(format!("upload {key}")))?;
    }
    if !names.is_empty() {
        remove_older_versions(clients, bucket, BACKGROUNDS).await?;
    }
    Ok(names.len())
}

/// The key of a file, which is its place in the folder, and its bytes.
fn read(dir: &Path, prefix: &str, name: &str) -> Result<(String, Vec<u8>)> {
    let key = format!("{prefix}{name}");
    let path = dir.join(&key);
    let bytes = std::fs::read(&path).map_err(LocalError::file("read", &path))?;
    Ok((key, bytes))
}

/// What an earlier load has left is no history of the product's. Besides, whoever
/// erases answers removes older versions of all documents, and so other people's.
async fn remove_older_versions(clients: &Clients, bucket: &str, prefix: &str) -> Result<()> {
    for version in versions(&clients.s3, bucket, Some(prefix)).await? {
        if !version.is_latest {
            let delete = clients.s3.delete_object().bucket(bucket).key(&version.key);
            let deleted = delete.version_id(&version.id).send().await;
            deleted.map_err(LocalError::aws(format!("remove an older version of {}", version.key)))?;
        }
    }
    Ok(())
}

fn content_type(key: &str) -> &'static str {
    match key.rsplit_once('.').map(|(_, extension)| extension) {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_its_name() {
        assert_eq!(content_type("backgrounds/a/u-1/sea & sky.svg"), "image/svg+xml");
        assert_eq!(content_type("backgrounds/a.b/u-1/png"), "application/octet-stream");
    }
}
