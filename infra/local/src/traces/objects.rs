use std::io::Cursor;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;

use crate::package::ARTIFACTS_BUCKET;
use crate::versions::{Version, listing};
use crate::{LocalError, Result, Stack};

use super::{Place, Search};

/// What a ZIP begins with.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// Looks into every version of every object of every bucket, and at what else has
/// a key: delete markers and open uploads.
///
/// The bucket of packages is left out: it holds the functions' code, and no data.
pub(super) async fn look(stack: &Stack, search: &mut Search<'_>) -> Result<()> {
    let buckets = stack.clients().s3.list_buckets().send().await;
    let buckets = buckets.map_err(LocalError::aws("list the buckets"))?;
    let names = buckets.buckets().iter().filter_map(|bucket| bucket.name());
    for bucket in names.filter(|name| *name != ARTIFACTS_BUCKET) {
        let s3 = stack.s3_of(bucket);
        let listing = listing(&s3, bucket, None).await?;
        for marker in &listing.delete_markers {
            search.look(&place(bucket, marker), "key", &marker.key);
        }
        for version in &listing.versions {
            object(&s3, bucket, version, search).await?;
        }
        uploads(&s3, bucket, search).await?;
    }
    Ok(())
}

fn place(bucket: &str, version: &Version) -> Place {
    Place::Object { bucket: bucket.to_owned(), key: version.key.clone(), version: version.id.clone() }
}

async fn object(s3: &Client, bucket: &str, version: &Version, search: &mut Search<'_>) -> Result<()> {
    let place = place(bucket, version);
    let get = s3.get_object().bucket(bucket).key(&version.key).version_id(&version.id);
    let object = match get.send().await {
        // Somebody has removed it since it was listed.
        Err(error) if is_gone(error.code()) => return Ok(()),
        other => other.map_err(LocalError::aws(format!("read {place}")))?,
    };
    search.look(&place, "key", &version.key);
    for (name, value) in object.metadata().into_iter().flatten() {
        search.look(&place, &format!("metadata {name}"), format!("{name}\n{value}"));
    }
    search.look(&place, "content disposition", object.content_disposition().unwrap_or_default());
    if object.tag_count().is_some_and(|count| count > 0) {
        tags(s3, bucket, version, search).await?;
    }
    let bytes = object.body.collect().await.map_err(LocalError::aws(format!("read {place}")))?.into_bytes();
    content(&place, &bytes, search)
}

async fn tags(s3: &Client, bucket: &str, version: &Version, search: &mut Search<'_>) -> Result<()> {
    let place = place(bucket, version);
    let get = s3.get_object_tagging().bucket(bucket).key(&version.key).version_id(&version.id);
    let tags = match get.send().await {
        // The emulator does not tell the tags of what lies behind a delete marker.
        Err(error) if is_gone(error.code()) => return Ok(()),
        other => other.map_err(LocalError::aws(format!("read the tags of {place}")))?,
    };
    for tag in tags.tag_set() {
        search.look(&place, &format!("tag {}", tag.key()), format!("{}\n{}", tag.key(), tag.value()));
    }
    Ok(())
}

fn is_gone(code: Option<&str>) -> bool {
    matches!(code, Some("NoSuchKey" | "NoSuchVersion"))
}

/// Looks at the bytes as they are, and into a ZIP by its entries instead.
fn content(place: &Place, bytes: &[u8], search: &mut Search<'_>) -> Result<()> {
    let zip = bytes.starts_with(ZIP_MAGIC).then(|| ZipArchive::new(Cursor::new(bytes)));
    let mut zip = match zip {
        Some(Ok(zip)) => zip,
        begun => {
            search.look(place, "content", bytes);
            if begun.is_some() {
                entries(place, bytes, search);
            }
            return Ok(());
        }
    };
    let unread = |error: &dyn std::error::Error| LocalError::unexpected(format!("unpack {place}"), error);
    search.look(place, "comment", zip.comment());
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| unread(&error))?;
        let name = entry.name().map_err(|error| unread(&error))?.into_owned();
        search.look(place, &format!("name of {name}"), &name);
        let found = search.needles.within_reader(&mut entry).map_err(|error| unread(&error))?;
        search.note(place, &format!("content of {name}"), found);
    }
    Ok(())
}

/// The same of entries without a directory behind them, as a request's work data
/// has them. From where there is none any more, the bytes were looked at as they are.
fn entries(place: &Place, mut bytes: &[u8], search: &mut Search<'_>) {
    while let Ok(Some(mut entry)) = read_zipfile_from_stream(&mut bytes) {
        let Ok(name) = entry.name().map(|name| name.into_owned()) else {
            return;
        };
        search.look(place, &format!("name of {name}"), &name);
        let Ok(found) = search.needles.within_reader(&mut entry) else {
            return;
        };
        search.note(place, &format!("content of {name}"), found);
    }
}

async fn uploads(s3: &Client, bucket: &str, search: &mut Search<'_>) -> Result<()> {
    let (mut key_marker, mut upload_marker) = (None, None);
    loop {
        let list = s3.list_multipart_uploads().bucket(bucket);
        let list = list.set_key_marker(key_marker).set_upload_id_marker(upload_marker);
        let page = list.send().await;
        let page = page.map_err(LocalError::aws(format!("list the open uploads of bucket {bucket}")))?;
        for key in page.uploads().iter().filter_map(|upload| upload.key()) {
            search.look(&Place::Upload { bucket: bucket.to_owned(), key: key.to_owned() }, "key", key);
        }
        if page.is_truncated() != Some(true) {
            return Ok(());
        }
        key_marker = page.next_key_marker;
        upload_marker = page.next_upload_id_marker;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use crate::traces::needles::Needles;

    use super::*;

    fn parts(bytes: &[u8]) -> Vec<String> {
        let texts = ["ana@a.example".to_owned()];
        let mut search = Search { texts: &texts, needles: Needles::new(&texts).unwrap(), found: Vec::new() };
        let place = Place::Object { bucket: "b".into(), key: "k".into(), version: "null".into() };
        content(&place, bytes, &mut search).unwrap();
        search.found.into_iter().map(|trace| trace.part).collect()
    }

    fn zip() -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in
            [("a.txt", "x Ana@A.example ".repeat(50)), ("b/ana@a.example.txt", "y".repeat(50))]
        {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_zip_is_looked_into_by_its_entries() {
        assert_eq!(parts(&zip()), ["content of a.txt", "name of b/ana@a.example.txt"]);
    }

    #[test]
    fn entries_without_a_directory_are_looked_into_too() {
        let zip = zip();
        let directory = zip.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        // Names stand in it as they are.
        let wanted = ["content", "content of a.txt", "name of b/ana@a.example.txt"];
        assert_eq!(parts(&zip[..directory]), wanted);
    }

    #[test]
    fn what_only_begins_like_a_zip_is_looked_at_as_it_is() {
        assert_eq!(parts(b"PK\x03\x04 and ana@a.example"), ["content"]);
        assert!(parts(b"nobody").is_empty());
    }
}
