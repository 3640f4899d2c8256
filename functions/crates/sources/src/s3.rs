use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, SecondsFormat, Utc};
use habeas_aws::{Aws, Bucket, ListPage, Listed, ListedBehind, Original};
use habeas_domain::StoreError;

use crate::connector::{By, Connector, Erasure, Lookup, Records, Which, not_so};
use crate::item::TypedKey;
use crate::{BucketAddress, Item, Key};

/// A file above this is not held in memory. Behind such a one a page ends, and
/// it stands in a page of its own, so that a segment can begin with it.
pub const LARGE_FILE_BYTES: u64 = 16 << 20;

/// Files of one page, together: a function holds them beside the segment, and may
/// have to read them again.
const PAGE_BYTES_MAX: u64 = 8 << 20;

/// The fields of an object as a record.
pub(crate) const OBJECT_KEY: &str = "key";
pub(crate) const VERSION: &str = "version_id";
pub(crate) const LAST_MODIFIED: &str = "last_modified";
const IS_OLD: &str = "is_old";

/// The connector to S3 buckets of the operator's product.
#[derive(Debug, Clone)]
pub struct S3 {
    aws: Aws,
}

/// A file of the person's: which object, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileKey {
    pub key: String,
    /// None for the current one of a source that gives no others.
    pub version: Option<String>,
    /// Whether a newer version has taken its place.
    pub is_old: bool,
}

impl Connector for S3 {
    type Address = BucketAddress;

    const ERASED_AT_ONCE: usize = 1;

    async fn page(
        &self,
        at: &BucketAddress,
        lookup: &Lookup<'_>,
        after: Option<&Key>,
    ) -> Result<Records, StoreError> {
        let By::Prefix { prefix, which } = &lookup.by else { return Err(not_so()) };
        let bucket = self.bucket(at);
        let after = after.map(|key| behind(key).ok_or_else(bad_key)).transpose()?;
        match which {
            Which::Current => {
                let after = after.as_ref().map(|after| after.key.as_str());
                Ok(records(bucket.list_behind(prefix, after, lookup.limit).await?, PAGE_BYTES_MAX))
            }
            Which::All => {
                let page = bucket.list_versions_behind(prefix, after.as_ref(), lookup.limit, false).await?;
                Ok(records(page, PAGE_BYTES_MAX))
            }
            Which::AllAndMarkers => {
                let page = bucket.list_versions_behind(prefix, after.as_ref(), lookup.limit, true).await?;
                Ok(records(page, u64::MAX))
            }
        }
    }

    /// Erases every version of the objects, and every marker of a deletion.
    async fn erase(&self, at: &BucketAddress, erasure: &Erasure<'_>) -> Result<Vec<bool>, StoreError> {
        let bucket = self.bucket(at);
        let mut erased = Vec::with_capacity(erasure.doomed.len());
        for doomed in erasure.doomed {
            let key = text(doomed.key, OBJECT_KEY).ok_or_else(bad_key)?;
            let held = bucket.has_versions(key).await?;
            if held {
                bucket.delete_versions(key).await?;
            }
            erased.push(held);
        }
        Ok(erased)
    }
}

impl S3 {
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// Whether any version of a file, or a marker of its deletion, is left.
    pub(crate) async fn holds(&self, at: &BucketAddress, key: &str) -> Result<bool, StoreError> {
        self.bucket(at).has_versions(key).await
    }

    /// Begins to read a file, or gives nothing where there is none.
    pub(crate) async fn open(
        &self,
        at: &BucketAddress,
        file: &FileKey,
    ) -> Result<Option<Original>, StoreError> {
        self.bucket(at).open(&file.key, file.version.as_deref()).await
    }

    /// A file's tags, where the source gives them.
    pub(crate) async fn tags(
        &self,
        at: &BucketAddress,
        file: &FileKey,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        if !at.tags {
            return Ok(BTreeMap::new());
        }
        self.bucket(at).tags(&file.key, file.version.as_deref()).await
    }

    fn bucket(&self, at: &BucketAddress) -> Bucket {
        Bucket::new(&self.aws, at.bucket.clone())
    }
}

impl FileKey {
    /// The current version of an object.
    #[must_use]
    pub fn current(key: impl Into<String>) -> Self {
        Self { key: key.into(), version: None, is_old: false }
    }

    pub(crate) fn of(item: &Item) -> Option<Self> {
        let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Some(Self { key: text(OBJECT_KEY)?, version: text(VERSION), is_old: item.contains_key(IS_OLD) })
    }
}

pub(crate) fn object_key(key: &str) -> Key {
    Key::from([(OBJECT_KEY.to_owned(), TypedKey::S(key.to_owned()))])
}

/// As many objects as make a page, and where the next one begins.
fn records(page: ListPage, bytes_max: u64) -> Records {
    let (mut items, mut bytes) = (Vec::new(), 0);
    let mut next = page.next.map(|next| position(&next.key, next.version));
    let mut last = None;
    for object in page.objects {
        let is_large = object.bytes > LARGE_FILE_BYTES && bytes_max < u64::MAX;
        let is_over = is_large || bytes >= bytes_max || object.bytes > bytes_max - bytes;
        if last.is_some() && is_over {
            next = last;
            break;
        }
        // What is large fills its page, whatever else there is to come.
        bytes = if is_large { bytes_max } else { bytes + object.bytes };
        last = Some(position(&object.key, object.version.clone()));
        items.push(item(object));
    }
    Records { items, last: next }
}

fn position(key: &str, version: Option<String>) -> Key {
    let mut position = object_key(key);
    position.extend(version.map(|version| (VERSION.to_owned(), TypedKey::S(version))));
    position
}

fn behind(position: &Key) -> Option<ListedBehind> {
    let version = text(position, VERSION).map(str::to_owned);
    Some(ListedBehind { key: text(position, OBJECT_KEY)?.to_owned(), version })
}

fn item(object: Listed) -> Item {
    let mut item = Item::from([(OBJECT_KEY.to_owned(), AttributeValue::S(object.key))]);
    item.extend(object.version.map(|version| (VERSION.to_owned(), AttributeValue::S(version))));
    item.extend(
        object.last_modified.map(|time| (LAST_MODIFIED.to_owned(), AttributeValue::S(rfc3339(time)))),
    );
    item.extend((!object.is_current).then(|| (IS_OLD.to_owned(), AttributeValue::Bool(true))));
    item
}

/// A time as records have it.
#[must_use]
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn text<'k>(key: &'k Key, name: &str) -> Option<&'k str> {
    match key.get(name)? {
        TypedKey::S(text) => Some(text),
        TypedKey::N(_) | TypedKey::B(_) => None,
    }
}

fn bad_key() -> StoreError {
    StoreError::Corrupt("a cursor's key cannot be read".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(sizes: &[u64]) -> Vec<Listed> {
        let objects = sizes.iter().zip(1..).map(|(bytes, number)| Listed {
            key: format!("a/{number}"),
            version: None,
            is_current: true,
            bytes: *bytes,
            last_modified: None,
        });
        objects.collect()
    }

    /// The sizes of each page, when every page is asked for.
    fn pages(sizes: &[u64]) -> Vec<usize> {
        let (mut pages, mut rest) = (Vec::new(), listed(sizes));
        loop {
            let page = records(ListPage { objects: rest.clone(), next: None }, PAGE_BYTES_MAX);
            pages.push(page.items.len());
            rest.drain(..page.items.len());
            if page.last.is_none() {
                assert!(rest.is_empty());
                return pages;
            }
        }
    }

    #[test]
    fn a_large_file_has_a_page_of_its_own_and_small_ones_share() {
        let large = LARGE_FILE_BYTES + 1;
        assert_eq!(pages(&[1, 2, 3]), [3]);
        assert_eq!(pages(&[1, large, 2, 3]), [1, 1, 2]);
        assert_eq!(pages(&[large, large]), [1, 1]);
        assert_eq!(pages(&[large, 0, 1]), [1, 2], "what is empty, too");
        assert_eq!(pages(&[PAGE_BYTES_MAX / 2; 5]), [2, 2, 1]);
        assert_eq!(pages(&[LARGE_FILE_BYTES; 2]), [1, 1]);
        assert_eq!(pages(&[]), [0]);
    }

    #[test]
    fn a_page_goes_on_where_the_listing_does() {
        let next = Some(ListedBehind { key: "a/7".into(), version: Some("v".into()) });
        let position = Some(position("a/7", Some("v".into())));
        for sizes in [&[1, 2][..], &[]] {
            let page = records(ListPage { objects: listed(sizes), next: next.clone() }, PAGE_BYTES_MAX);
            assert_eq!((page.items.len(), &page.last), (sizes.len(), &position), "with nothing in it, too");
        }
        let uncut = ListPage { objects: listed(&[LARGE_FILE_BYTES + 1, 0, 1]), next: next.clone() };
        assert_eq!(records(uncut, u64::MAX).items.len(), 3, "nothing is read of what is to be erased");
        let cut = ListPage { objects: listed(&[PAGE_BYTES_MAX, 1]), next };
        assert_eq!(records(cut, PAGE_BYTES_MAX).last, Some(object_key("a/1")));
    }
}
