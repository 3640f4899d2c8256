use aws_sdk_dynamodb::types::AttributeValue;

use super::{Found, Page, Walk, is_text};
use crate::connector::{By, How, PAGE_RECORDS, not_so};
use crate::item::TypedKey;
use crate::{Address, Cursor, FileKey, Find, Item, Key, Source, SourceError, TableAddress};

/// What the person's records in another source lead to.
impl Walk<'_> {
    /// One record of the other source at a time: the key after which its query
    /// goes on is then known exactly, wherever a step ends.
    pub(super) async fn through(&self, cursor: &Cursor, field: &str) -> Result<Page, SourceError> {
        if let Some(child) = &cursor.led_to {
            return self.rest_of_children(cursor, child).await;
        }
        let Some(parent) = self.parent else {
            return Err(SourceError::garbage(&self.source.name, "the source to go through is gone"));
        };
        let Some(Find::Subject { subject_field, id, index }) = parent.find.first() else {
            return Err(SourceError::garbage(
                &self.source.name,
                "the source to go through has no rule of its own",
            ));
        };
        let ids = self.subject.ids(id);
        let Some(value) = ids.get(cursor.id) else {
            return Ok(Page { found: Vec::new(), next: self.next_rule(cursor) });
        };
        let leads =
            self.by_id(parent, (subject_field, value), index.as_deref(), cursor.after.as_ref(), 1).await?;
        let behind = Cursor { after: leads.last, ..cursor.clone() };
        let Some(lead) = leads.items.into_iter().next() else {
            return Ok(Page { found: Vec::new(), next: self.next_lead(behind, ids.len()) });
        };
        let counts = self.is_accounts(parent, &lead)?
            && (self.source.time_field.is_some()
                || self.is_in_range(parent, &lead, parent.time_field.as_deref())?);
        let Some(value) = lead.get(field).filter(|_| counts) else {
            return Ok(Page { found: Vec::new(), next: self.next_lead(behind, ids.len()) });
        };
        match &self.source.address {
            Address::DynamoDb(address) => self.children(address, value.clone(), None, behind).await,
            Address::S3(_) => {
                let AttributeValue::S(key) = value else {
                    return Err(SourceError::garbage(&self.source.name, format!("`{field}` is no text")));
                };
                let lead = Some(self.key(parent, &lead)?);
                let found = vec![Found::File { file: FileKey::current(key), lead }];
                Ok(Page { found, next: self.next_lead(behind, ids.len()) })
            }
            Address::Lambda(_) => Err(SourceError::of(&self.source.name, not_so())),
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
        let by = By::Field { field: &address.key[0], value, how: How::Key };
        let children = self.look(self.source, by, after, PAGE_RECORDS).await?;
        let next = match children.last {
            Some(last) => Some(Cursor { led_to: Some(last), ..behind }),
            None => self.next_lead(behind, self.parents_ids()),
        };
        Ok(Page { found: self.others(children.items)?, next })
    }

    /// How many ids of the person lead to records of the parent's.
    fn parents_ids(&self) -> usize {
        let own = self.parent.and_then(Source::own_field);
        own.map_or(0, |(_, id)| self.subject.ids(id).len())
    }

    /// Where the walk goes on when one record, and all that it has led to, is done.
    fn next_lead(&self, behind: Cursor, ids: usize) -> Option<Cursor> {
        match behind.after {
            Some(_) => Some(Cursor { led_to: None, ..behind }),
            None => self.next_id(&behind, ids),
        }
    }

    /// Of the records a parent led to, those that no earlier rule finds.
    fn others(&self, items: Vec<Item>) -> Result<Vec<Found>, SourceError> {
        let own = self.source.own_field().map(|(field, id)| (field, self.subject.ids(id)));
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let seen =
                own.as_ref().is_some_and(|(field, ids)| ids.iter().any(|id| is_text(&item, field, id)));
            if !seen
                && self.is_accounts(self.source, &item)?
                && self.is_in_range(self.source, &item, self.source.time_field.as_deref())?
            {
                found.push(self.record(item, false)?);
            }
        }
        Ok(found)
    }
}
