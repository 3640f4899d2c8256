use aws_sdk_dynamodb::types::AttributeValue;
use chrono::DateTime;

use crate::dynamodb::{DynamoDb, Lookup, PAGE_RECORDS, Records, primary_key};
use crate::item::TypedKey;
use crate::{Address, Cursor, DataMap, Find, Item, Key, S3, Source, SourceError, Subject, TableAddress};

/// Of most people the first record says whose they are; the same address in
/// another account is rare.
const FIRST_LOOK_RECORDS: i32 = 10;
const LOOK_PAGES_MAX: usize = 100;

/// The connectors, one for each kind of store.
#[derive(Debug, Clone)]
pub struct Stores {
    pub dynamodb: DynamoDb,
    pub s3: S3,
}

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
    File {
        key: String,
        /// The key of the record that led to the file.
        lead: Key,
    },
}

impl<'a> Walk<'a> {
    #[must_use]
    pub fn new(stores: &'a Stores, map: &'a DataMap, source: &'a Source, subject: &'a Subject) -> Self {
        let parent = source.find.iter().find_map(|find| match find {
            Find::Through { through, .. } => map.source(through),
            Find::Subject { .. } => None,
        });
        Self { stores, source, parent, subject }
    }

    /// The records from the cursor on, and where to go on from. A page may be
    /// empty and not be the last.
    pub async fn page(&self, cursor: &Cursor) -> Result<Page, SourceError> {
        match self.source.find.get(cursor.find) {
            None => Ok(Page { found: Vec::new(), next: None }),
            Some(Find::Subject { subject_field, index }) => {
                self.own(cursor, subject_field, index.as_deref()).await
            }
            Some(Find::Through { field, .. }) => self.through(cursor, field).await,
        }
    }

    /// Whether the source holds a record of the subject's own. It is not asked
    /// where that would be to read a whole table.
    pub async fn is_known(&self) -> Result<bool, SourceError> {
        let mut rules = self.source.find.iter().filter(|find| !self.source.scans(find));
        let own = rules.find_map(|find| match find {
            Find::Subject { subject_field, index } => Some((subject_field, index.as_deref())),
            Find::Through { .. } => None,
        });
        let Some((field, index)) = own else { return Ok(false) };
        let (mut after, mut limit) = (None, FIRST_LOOK_RECORDS);
        for _ in 0..LOOK_PAGES_MAX {
            let records = self.by_subject(self.source, field, index, after.as_ref(), limit).await?;
            for item in &records.items {
                if self.is_accounts(self.source, item)? {
                    return Ok(true);
                }
            }
            let Some(last) = records.last else { return Ok(false) };
            (after, limit) = (Some(last), PAGE_RECORDS);
        }
        Err(SourceError::garbage(&self.source.name, "too many records of one person in other accounts"))
    }

    async fn own(&self, cursor: &Cursor, field: &str, index: Option<&str>) -> Result<Page, SourceError> {
        let records = self.by_subject(self.source, field, index, cursor.after.as_ref(), PAGE_RECORDS).await?;
        let mut found = Vec::with_capacity(records.items.len());
        for item in records.items {
            if self.is_accounts(self.source, &item)? && self.is_in_range(self.source, &item)? {
                found.push(self.record(item, true)?);
            }
        }
        let next = match records.last {
            Some(last) => Cursor { after: Some(last), ..cursor.clone() },
            None => Cursor { find: cursor.find + 1, ..Cursor::default() },
        };
        Ok(Page { found, next: self.unless_over(next) })
    }

    /// One record of the other source at a time: the key after which its query
    /// goes on is then known exactly, wherever a step ends.
    async fn through(&self, cursor: &Cursor, field: &str) -> Result<Page, SourceError> {
        if let Some(child) = &cursor.led_to {
            return self.rest_of_children(cursor, child).await;
        }
        let Some(parent) = self.parent else {
            return Err(SourceError::garbage(&self.source.name, "the source to go through is gone"));
        };
        let Some(Find::Subject { subject_field, index }) = parent.find.first() else {
            return Err(SourceError::garbage(
                &self.source.name,
                "the source to go through has no rule of its own",
            ));
        };
        let leads =
            self.by_subject(parent, subject_field, index.as_deref(), cursor.after.as_ref(), 1).await?;
        let behind = Cursor { after: leads.last, ..cursor.clone() };
        let Some(lead) = leads.items.into_iter().next() else {
            return Ok(Page { found: Vec::new(), next: self.next_lead(behind) });
        };
        let counts = self.is_accounts(parent, &lead)?
            && (self.source.time_field.is_some() || self.is_in_range(parent, &lead)?);
        let Some(value) = lead.get(field).filter(|_| counts) else {
            return Ok(Page { found: Vec::new(), next: self.next_lead(behind) });
        };
        match &self.source.address {
            Address::S3(_) => {
                let found = vec![self.file(parent, &lead, field, value)?];
                Ok(Page { found, next: self.next_lead(behind) })
            }
            Address::DynamoDb(address) => self.children(address, value.clone(), None, behind).await,
        }
    }

    /// The other pages of what a record has led to. That record is behind: it may
    /// be gone by now, and others may have come in before it.
    async fn rest_of_children(&self, cursor: &Cursor, child: &Key) -> Result<Page, SourceError> {
        let Address::DynamoDb(address) = &self.source.address else {
            return Err(SourceError::garbage(&self.source.name, "objects have no pages"));
        };
        let value = child.get(&address.key[0]).and_then(TypedKey::value);
        let value =
            value.ok_or_else(|| SourceError::garbage(&self.source.name, "a cursor is not readable"))?;
        self.children(address, value, Some(child), cursor.clone()).await
    }

    async fn children(
        &self,
        address: &TableAddress,
        value: AttributeValue,
        after: Option<&Key>,
        behind: Cursor,
    ) -> Result<Page, SourceError> {
        let of = Lookup { table: &address.table, index: None, field: &address.key[0], value };
        let children = self.query(self.source, &of, after, PAGE_RECORDS).await?;
        let next = match children.last {
            Some(last) => Some(Cursor { led_to: Some(last), ..behind }),
            None => self.next_lead(behind),
        };
        Ok(Page { found: self.others(children.items)?, next })
    }

    /// Where the walk goes on when one record, and all that it has led to, is done.
    fn next_lead(&self, behind: Cursor) -> Option<Cursor> {
        self.unless_over(match behind.after {
            Some(after) => Cursor { find: behind.find, after: Some(after), led_to: None },
            None => Cursor { find: behind.find + 1, ..Cursor::default() },
        })
    }

    fn file(
        &self,
        parent: &Source,
        lead: &Item,
        field: &str,
        value: &AttributeValue,
    ) -> Result<Found, SourceError> {
        let AttributeValue::S(key) = value else {
            return Err(SourceError::garbage(&self.source.name, format!("`{field}` is no text")));
        };
        Ok(Found::File { key: key.clone(), lead: self.key(parent, lead)? })
    }

    /// Of the records a parent led to, those that no earlier rule finds.
    fn others(&self, items: Vec<Item>) -> Result<Vec<Found>, SourceError> {
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let seen = self.source.find.iter().any(|find| match find {
                Find::Subject { subject_field, .. } => {
                    is_text(&item, subject_field, self.subject.email.as_str())
                }
                Find::Through { .. } => false,
            });
            if !seen && self.is_accounts(self.source, &item)? && self.is_in_range(self.source, &item)? {
                found.push(self.record(item, false)?);
            }
        }
        Ok(found)
    }

    async fn by_subject(
        &self,
        source: &Source,
        field: &str,
        index: Option<&str>,
        after: Option<&Key>,
        limit: i32,
    ) -> Result<Records, SourceError> {
        let Address::DynamoDb(address) = &source.address else {
            return Err(SourceError::garbage(&source.name, "objects are not found by a field"));
        };
        let value = AttributeValue::S(self.subject.email.as_str().to_owned());
        let of = Lookup { table: &address.table, index, field, value };
        if source.scans_for(field, index) {
            let records = self.stores.dynamodb.scan(&of, after).await;
            return records.map_err(|cause| SourceError::unavailable(&source.name, cause));
        }
        self.query(source, &of, after, limit).await
    }

    async fn query(
        &self,
        source: &Source,
        of: &Lookup<'_>,
        after: Option<&Key>,
        limit: i32,
    ) -> Result<Records, SourceError> {
        let records = self.stores.dynamodb.query(of, after, limit).await;
        records.map_err(|cause| SourceError::unavailable(&source.name, cause))
    }

    fn record(&self, item: Item, own: bool) -> Result<Found, SourceError> {
        Ok(Found::Record { key: self.key(self.source, &item)?, item, own })
    }

    fn key(&self, source: &Source, item: &Item) -> Result<Key, SourceError> {
        let key = match &source.address {
            Address::DynamoDb(address) => primary_key(item, &address.key),
            Address::S3(_) => None,
        };
        key.ok_or_else(|| SourceError::garbage(&self.source.name, "a record without the key the map names"))
    }

    /// Whether a record is of the request's account. One that does not say of
    /// which it is could be anybody's: leaving it out would be a silent gap.
    fn is_accounts(&self, source: &Source, item: &Item) -> Result<bool, SourceError> {
        let Some(field) = &source.account_field else { return Ok(true) };
        match item.get(field) {
            Some(AttributeValue::S(account)) => Ok(account == self.subject.account.as_str()),
            _ => Err(SourceError::garbage(
                &source.name,
                format!("`{field}` is missing or no text (an index must project all fields)"),
            )),
        }
    }

    /// A record whose time cannot be read is neither in a range nor outside of
    /// it: leaving it out would be a silent gap.
    fn is_in_range(&self, source: &Source, item: &Item) -> Result<bool, SourceError> {
        let (Some(range), Some(field)) = (&self.subject.range, &source.time_field) else { return Ok(true) };
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

    fn unless_over(&self, next: Cursor) -> Option<Cursor> {
        (next.find < self.source.find.len()).then_some(next)
    }
}

pub(crate) fn is_text(item: &Item, field: &str, text: &str) -> bool {
    matches!(item.get(field), Some(AttributeValue::S(value)) if value == text)
}
