use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamodb::{DynamoDb, Lookup, Records, primary_key};
use crate::{Address, Cursor, DataMap, Find, Item, Key, S3, Source, SourceError, Subject};

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
    /// The page of parents in hand, and the cursor it was read from.
    parents: Option<(Option<Key>, Records)>,
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
        /// The key of the record that led to the file, as text.
        of: String,
    },
}

impl<'a> Walk<'a> {
    #[must_use]
    pub fn new(stores: &'a Stores, map: &'a DataMap, source: &'a Source, subject: &'a Subject) -> Self {
        let parent = source.find.iter().find_map(|find| match find {
            Find::Through { through, .. } => map.source(through),
            Find::Subject { .. } => None,
        });
        Self { stores, source, parent, subject, parents: None }
    }

    /// The records from the cursor on, and where to go on from. A page may be
    /// empty and not be the last.
    pub async fn page(&mut self, cursor: &Cursor) -> Result<Page, SourceError> {
        match self.source.find.get(cursor.find) {
            None => Ok(Page { found: Vec::new(), next: None }),
            Some(Find::Subject { subject_field, index }) => {
                self.own(cursor, subject_field, index.as_deref()).await
            }
            Some(Find::Through { field, .. }) => self.through(cursor, field).await,
        }
    }

    async fn own(&self, cursor: &Cursor, field: &str, index: Option<&str>) -> Result<Page, SourceError> {
        let records = self.by_subject(self.source, field, index, cursor.after.as_ref()).await?;
        let mut found = Vec::with_capacity(records.items.len());
        for item in records.items {
            if self.is_accounts(self.source, &item) && self.is_in_range(self.source, &item) {
                found.push(self.record(item, true)?);
            }
        }
        let next = match records.last {
            Some(last) => Cursor { after: Some(last), ..cursor.clone() },
            None => Cursor { find: cursor.find + 1, ..Cursor::default() },
        };
        Ok(Page { found, next: self.unless_over(next) })
    }

    async fn through(&mut self, cursor: &Cursor, field: &str) -> Result<Page, SourceError> {
        let Some(parent) = self.parent else {
            return Err(SourceError::garbage(&self.source.name, "the source to go through is gone"));
        };
        self.read_parents(parent, cursor.after.as_ref()).await?;
        let Some((_, parents)) = &self.parents else { return Ok(Page { found: Vec::new(), next: None }) };
        let Some(lead) = parents.items.get(cursor.parents) else {
            let next = match parents.last.clone() {
                Some(last) => Cursor { find: cursor.find, after: Some(last), ..Cursor::default() },
                None => Cursor { find: cursor.find + 1, ..Cursor::default() },
            };
            return Ok(Page { found: Vec::new(), next: self.unless_over(next) });
        };
        let next_parent = Cursor { parents: cursor.parents + 1, child: None, ..cursor.clone() };
        let skip = !self.is_accounts(parent, lead)
            || (self.source.time_field.is_none() && !self.is_in_range(parent, lead));
        let Some(value) = lead.get(field).filter(|_| !skip) else {
            return Ok(Page { found: Vec::new(), next: Some(next_parent) });
        };
        match &self.source.address {
            Address::S3(_) => {
                let AttributeValue::S(key) = value else {
                    return Err(SourceError::garbage(&self.source.name, format!("`{field}` is no text")));
                };
                let of = key_text(parent, lead);
                Ok(Page { found: vec![Found::File { key: key.clone(), of }], next: Some(next_parent) })
            }
            Address::DynamoDb(address) => {
                let of = Lookup {
                    table: &address.table,
                    index: None,
                    field: &address.key[0],
                    value: value.clone(),
                };
                let children = self.query(&of, cursor.child.as_ref()).await?;
                let next = match children.last {
                    Some(last) => Cursor { child: Some(last), ..cursor.clone() },
                    None => next_parent,
                };
                Ok(Page { found: self.others(children.items)?, next: Some(next) })
            }
        }
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
            if !seen && self.is_accounts(self.source, &item) && self.is_in_range(self.source, &item) {
                found.push(self.record(item, false)?);
            }
        }
        Ok(found)
    }

    async fn read_parents(&mut self, parent: &Source, after: Option<&Key>) -> Result<(), SourceError> {
        if self.parents.as_ref().is_some_and(|(read_from, _)| read_from.as_ref() == after) {
            return Ok(());
        }
        let Some(Find::Subject { subject_field, index }) = parent.find.first() else {
            return Err(SourceError::garbage(
                &self.source.name,
                "the source to go through has no rule of its own",
            ));
        };
        let records = self.by_subject(parent, subject_field, index.as_deref(), after).await?;
        self.parents = Some((after.cloned(), records));
        Ok(())
    }

    async fn by_subject(
        &self,
        source: &Source,
        field: &str,
        index: Option<&str>,
        after: Option<&Key>,
    ) -> Result<Records, SourceError> {
        let Address::DynamoDb(address) = &source.address else {
            return Err(SourceError::garbage(&source.name, "objects are not found by a field"));
        };
        let value = AttributeValue::S(self.subject.email.as_str().to_owned());
        self.query(&Lookup { table: &address.table, index, field, value }, after).await
    }

    async fn query(&self, of: &Lookup<'_>, after: Option<&Key>) -> Result<Records, SourceError> {
        let records = self.stores.dynamodb.query(of, after).await;
        records.map_err(|cause| SourceError::unavailable(&self.source.name, cause))
    }

    fn record(&self, item: Item, own: bool) -> Result<Found, SourceError> {
        let Address::DynamoDb(address) = &self.source.address else {
            return Err(SourceError::garbage(&self.source.name, "a bucket holds no records"));
        };
        let key = primary_key(&item, &address.key).ok_or_else(|| {
            SourceError::garbage(&self.source.name, "a record without the key the map names")
        })?;
        Ok(Found::Record { key, item, own })
    }

    fn is_accounts(&self, source: &Source, item: &Item) -> bool {
        let account = self.subject.account.as_str();
        source.account_field.as_ref().is_none_or(|field| is_text(item, field, account))
    }

    fn is_in_range(&self, source: &Source, item: &Item) -> bool {
        let (Some(range), Some(field)) = (&self.subject.range, &source.time_field) else { return true };
        matches!(item.get(field), Some(AttributeValue::S(time)) if range.contains(time))
    }

    fn unless_over(&self, next: Cursor) -> Option<Cursor> {
        (next.find < self.source.find.len()).then_some(next)
    }
}

pub(crate) fn is_text(item: &Item, field: &str, text: &str) -> bool {
    matches!(item.get(field), Some(AttributeValue::S(value)) if value == text)
}

fn key_text(source: &Source, item: &Item) -> String {
    let Address::DynamoDb(address) = &source.address else { return String::new() };
    let values = address.key.iter().filter_map(|name| match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => Some(text.as_str()),
        _ => None,
    });
    values.collect::<Vec<_>>().join("-")
}
