mod first_look;
mod through;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::DateTime;
use habeas_domain::AccountId;

use crate::connector::{By, How, Lookup, PAGE_RECORDS, Part, Records, Which};
use crate::dynamodb::primary_key;
use crate::patience::ask_within;
use crate::s3::LAST_MODIFIED;
use crate::{
    Address, Cursor, DataMap, FileKey, Find, Item, Key, Pace, PrefixTemplate, Source, SourceError, Stores,
    Subject,
};

/// A walk through everything a source holds of a subject.
///
/// Every page can be read again from its cursor. A record that several rules
/// find is returned once: by the first rule that finds it.
#[derive(Debug)]
pub struct Walk<'a> {
    stores: &'a Stores,
    source: &'a Source,
    parent: Option<&'a Source>,
    subject: &'a Subject,
    part: Part,
    old_versions: bool,
    pace: Pace,
}

#[derive(Debug)]
pub struct Page {
    pub found: Vec<Found>,
    /// Nothing where the walk is over.
    pub next: Option<Cursor>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    Record {
        key: Key,
        item: Item,
        /// Whether the record is the subject's own, and not one they only led to.
        own: bool,
    },
    /// Alone in its page where it is large.
    File {
        file: FileKey,
        /// The key of the record that led to the file; none where it is the file's
        /// own key that says whose it is.
        lead: Option<Key>,
    },
}

impl<'a> Walk<'a> {
    #[must_use]
    pub fn new(stores: &'a Stores, map: &'a DataMap, source: &'a Source, subject: &'a Subject) -> Self {
        let parent = source.parent().and_then(|name| map.source(name));
        let (part, pace) = (Part::default(), source.pace);
        Self { stores, source, parent, subject, part, old_versions: false, pace }
    }

    /// A walk through a part of the table, where it is read whole. What needs no
    /// such reading is in the first part.
    #[must_use]
    pub fn through_part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// A walk that finds objects too of which only old versions are left.
    #[must_use]
    pub fn with_old_versions(self) -> Self {
        Self { old_versions: true, ..self }
    }

    /// A walk for somebody who waits for what it finds: no answer may take longer.
    #[must_use]
    pub fn answering_within(self, within: Duration) -> Self {
        let answer_within = self.pace.answer_within.min(within);
        Self { pace: Pace { answer_within, ..self.pace }, ..self }
    }

    /// The records from the cursor on, and where to go on from. A page may be
    /// empty and not be the last.
    pub async fn page(&self, cursor: &Cursor) -> Result<Page, SourceError> {
        match self.source.find.get(cursor.find) {
            None => Ok(Page { found: Vec::new(), next: None }),
            Some(find) if self.part.number > 0 && !self.source.scans(find) => {
                Ok(Page { found: Vec::new(), next: self.next_rule(cursor) })
            }
            Some(Find::Subject { subject_field, id, index }) => {
                self.own(cursor, subject_field, id, index.as_deref()).await
            }
            Some(Find::Prefix { prefix }) => self.objects(cursor, prefix).await,
            Some(Find::Through { field, .. }) => self.through(cursor, field).await,
        }
    }

    async fn own(
        &self,
        cursor: &Cursor,
        field: &str,
        id: &str,
        index: Option<&str>,
    ) -> Result<Page, SourceError> {
        let ids = self.subject.ids(id);
        // A table that is read whole is read once, for all ids.
        let is_scan = self.source.scans_for(field, index);
        let Some(value) = ids.get(cursor.id).filter(|_| cursor.id == 0 || !is_scan) else {
            return Ok(Page { found: Vec::new(), next: self.next_rule(cursor) });
        };
        let after = cursor.after.as_ref();
        let records = if is_scan {
            let by = By::Scan { field, texts: &ids, part: self.part };
            self.look(self.source, by, after, PAGE_RECORDS).await?
        } else {
            self.by_id(self.source, (field, value), index, after, PAGE_RECORDS).await?
        };
        let mut found = Vec::with_capacity(records.items.len());
        for item in records.items {
            if self.is_accounts(self.source, &item)?
                && self.is_in_range(self.source, &item, self.source.time_field.as_deref())?
            {
                found.push(self.record(item, true)?);
            }
        }
        let ids = if is_scan { 1 } else { ids.len() };
        Ok(Page { found, next: self.next_own(cursor, records.last, ids) })
    }

    /// Objects whose keys say whose they are.
    async fn objects(&self, cursor: &Cursor, prefix: &PrefixTemplate) -> Result<Page, SourceError> {
        let ids = self.subject.ids(prefix.id());
        let Some(id) = ids.get(cursor.id) else {
            return Ok(Page { found: Vec::new(), next: self.next_rule(cursor) });
        };
        let prefix = prefix.of(&self.subject.account, id).ok_or_else(|| {
            SourceError::garbage(&self.source.name, "an id of the person cannot be part of a prefix")
        })?;
        let which = match &self.source.address {
            _ if self.old_versions => Which::AllAndMarkers,
            Address::S3(address) if address.versions => Which::All,
            _ => Which::Current,
        };
        let by = By::Prefix { prefix, which };
        let records = self.look(self.source, by, cursor.after.as_ref(), PAGE_RECORDS).await?;
        let mut found = Vec::with_capacity(records.items.len());
        for item in records.items {
            if self.is_in_range(self.source, &item, Some(LAST_MODIFIED))? {
                found.push(self.file(&item, None)?);
            }
        }
        Ok(Page { found, next: self.next_own(cursor, records.last, ids.len()) })
    }

    /// Where the walk goes on behind a page of what is found by an id.
    fn next_own(&self, cursor: &Cursor, last: Option<Key>, ids: usize) -> Option<Cursor> {
        match last {
            Some(last) => Some(Cursor { after: Some(last), ..cursor.clone() }),
            None => self.next_id(cursor, ids),
        }
    }

    fn next_id(&self, cursor: &Cursor, ids: usize) -> Option<Cursor> {
        match cursor.id + 1 {
            id if id < ids => Some(Cursor { find: cursor.find, id, ..Cursor::default() }),
            _ => self.next_rule(cursor),
        }
    }

    fn next_rule(&self, cursor: &Cursor) -> Option<Cursor> {
        let next = Cursor { find: cursor.find + 1, ..Cursor::default() };
        (next.find < self.source.find.len()).then_some(next)
    }

    /// Records whose field holds an id of the person.
    async fn by_id(
        &self,
        source: &Source,
        (field, id): (&str, &str),
        index: Option<&str>,
        after: Option<&Key>,
        limit: i32,
    ) -> Result<Records, SourceError> {
        let how = index.map_or(How::Key, How::Index);
        let by = By::Field { field, value: AttributeValue::S(id.to_owned()), how };
        self.look(source, by, after, limit).await
    }

    fn file(&self, item: &Item, lead: Option<Key>) -> Result<Found, SourceError> {
        let file = FileKey::of(item);
        let file = file.ok_or_else(|| SourceError::garbage(&self.source.name, "an object without a key"))?;
        Ok(Found::File { file, lead })
    }

    async fn look(
        &self,
        source: &Source,
        by: By<'_>,
        after: Option<&Key>,
        limit: i32,
    ) -> Result<Records, SourceError> {
        let account = &self.subject.account;
        let range = self.subject.range.as_ref().filter(|_| source.time_field.is_some());
        let lookup = Lookup { source: &source.name, account, range, by, limit };
        ask_within(&source.name, self.pace, || self.stores.page(source, &lookup, after)).await
    }

    fn record(&self, item: Item, own: bool) -> Result<Found, SourceError> {
        Ok(Found::Record { key: self.key(self.source, &item)?, item, own })
    }

    fn key(&self, source: &Source, item: &Item) -> Result<Key, SourceError> {
        let key = match &source.address {
            Address::DynamoDb(address) => primary_key(item, &address.key),
            Address::Lambda(address) => primary_key(item, &address.key),
            Address::S3(_) => None,
        };
        key.ok_or_else(|| SourceError::garbage(&self.source.name, "a record without the key the map names"))
    }

    fn is_accounts(&self, source: &Source, item: &Item) -> Result<bool, SourceError> {
        is_of(&self.subject.account, source, item)
    }

    /// A record whose time cannot be read is neither in a range nor outside of
    /// it: leaving it out would be a silent gap.
    fn is_in_range(&self, source: &Source, item: &Item, field: Option<&str>) -> Result<bool, SourceError> {
        let (Some(range), Some(field)) = (&self.subject.range, field) else { return Ok(true) };
        let time = match item.get(field) {
            Some(AttributeValue::S(time)) => DateTime::parse_from_rfc3339(time).ok(),
            _ => None,
        };
        let time = time.ok_or_else(|| {
            SourceError::garbage(
                &source.name,
                format!("`{field}` is no RFC 3339 time, so no range can be applied"),
            )
        })?;
        Ok(range.contains(time.to_utc()))
    }
}

/// Whether a record is of an account. One that does not say of which it is could
/// be anybody's: leaving it out would be a silent gap.
pub(crate) fn is_of(account: &AccountId, source: &Source, item: &Item) -> Result<bool, SourceError> {
    let Some(field) = &source.account_field else { return Ok(true) };
    match item.get(field) {
        Some(AttributeValue::S(text)) => Ok(text == account.as_str()),
        _ => Err(SourceError::garbage(
            &source.name,
            format!("`{field}` is missing or no text (an index must project all fields)"),
        )),
    }
}

pub(crate) fn is_text(item: &Item, field: &str, text: &str) -> bool {
    matches!(item.get(field), Some(AttributeValue::S(value)) if value == text)
}
