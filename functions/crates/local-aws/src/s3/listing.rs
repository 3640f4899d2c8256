use std::ops::Bound;

use super::xml::escaped;
use super::{Bucket, Call, Version, WRITTEN, tag};
use crate::connector::Answer;

/// Pages of what a bucket holds.
impl Bucket {
    fn page(&self, call: &Call) -> usize {
        call.page().min(self.page_entries_max.unwrap_or(usize::MAX))
    }

    pub(super) fn list_objects(&self, call: &Call) -> Answer {
        let prefix = call.query("prefix").unwrap_or_default();
        let after = call.query("continuation-token").or(call.query("start-after"));
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let listed = self.objects.range::<str, _>((from, Bound::Unbounded));
        let mut listed = listed.filter(|(key, _)| key.starts_with(prefix) && self.current(key).is_some());
        let (mut contents, mut last) = (String::new(), "");
        for (key, _) in listed.by_ref().take(self.page(call)) {
            let content = self.current(key).and_then(|version| version.content.as_deref());
            contents += &format!("<Contents><Key>{}</Key>{}</Contents>", escaped(key), about(content));
            last = key;
        }
        let next = match listed.next() {
            Some(_) => format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(last)),
            None => String::new(),
        };
        Answer::ok(format!(
            "<ListBucketResult><IsTruncated>{}</IsTruncated>{contents}{next}</ListBucketResult>",
            !next.is_empty()
        ))
    }

    /// The newest version of each object first.
    pub(super) fn list_versions(&self, call: &Call) -> Answer {
        let prefix = call.query("prefix").unwrap_or_default();
        let keys = self.objects.iter().filter(|(key, _)| key.starts_with(prefix));
        let all = keys.flat_map(|(key, versions)| {
            let newest = versions.last().map(|version| &version.id);
            versions.iter().rev().map(move |version| (key, version, newest == Some(&version.id)))
        });
        let key_marker = call.query("key-marker");
        let mut is_behind = key_marker.is_none();
        let mut rest = all.filter(|(key, version, _)| {
            if is_behind {
                return true;
            }
            let marker = key_marker.unwrap_or_default();
            is_behind = key.as_str() > marker
                || (key.as_str() == marker && call.query("version-id-marker") == Some(&version.id));
            key.as_str() > marker
        });
        let (mut entries, mut last) = (String::new(), ("", ""));
        for (key, version, is_latest) in rest.by_ref().take(self.page(call)) {
            entries += &entry(key, version, is_latest);
            last = (key, &version.id);
        }
        let next = match rest.next() {
            Some(_) => format!(
                "<NextKeyMarker>{}</NextKeyMarker><NextVersionIdMarker>{}</NextVersionIdMarker>",
                escaped(last.0),
                last.1
            ),
            None => String::new(),
        };
        Answer::ok(format!(
            "<ListVersionsResult><IsTruncated>{}</IsTruncated>{entries}{next}</ListVersionsResult>",
            !next.is_empty()
        ))
    }
}

fn entry(key: &str, version: &Version, is_latest: bool) -> String {
    let name = if version.content.is_some() { "Version" } else { "DeleteMarker" };
    format!(
        "<{name}><Key>{}</Key><VersionId>{}</VersionId><IsLatest>{is_latest}</IsLatest>{}</{name}>",
        escaped(key),
        version.id,
        about(version.content.as_deref())
    )
}

fn about(content: Option<&[u8]>) -> String {
    let content = content.unwrap_or_default();
    format!(
        "<LastModified>{WRITTEN}</LastModified><Size>{}</Size><ETag>{}</ETag>",
        content.len(),
        escaped(&tag(content))
    )
}
