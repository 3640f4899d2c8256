use chrono::{DateTime, Utc};
use habeas_domain::{AccountId, AccountSettings, Entry, Head, Sealed, StoreError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Table;
use crate::error::unavailable;
use crate::keys::{
    BY_QUEUE, CONSENTS, ENTRY, Item, LEDGERS, UNTOLD, entry_key, entry_range, ledger_head_key,
    ledger_partition, text,
};
use crate::table::{moment, parsed, take};

/// How many rows one query of a whole ledger reads at the most.
const ENTRIES_READ_MAX: u32 = 100;

/// No entry has a greater number: it has twelve digits.
const NUMBER_MAX: u64 = 999_999_999_999;

/// An account that consents to AI training.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Consenting {
    #[serde(rename = "account_id")]
    pub account: AccountId,
    #[serde(flatten)]
    pub settings: AccountSettings,
}

/// One page of a queue, and where the next one begins.
#[derive(Debug)]
pub struct QueuePage<T> {
    pub rows: Vec<T>,
    /// Rows that cannot be understood. They stop no other.
    pub unreadable: u32,
    pub next: Option<PageKey>,
}

/// Where a page of a queue ended.
#[derive(Debug, Clone)]
pub struct PageKey(Item);

impl Table {
    pub(crate) async fn newest_entries(
        &self,
        account: &AccountId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Sealed)>, StoreError> {
        let mut entries = Vec::new();
        let mut last = before.map_or(NUMBER_MAX, |before| before.saturating_sub(1).min(NUMBER_MAX));
        while last > 0 && entries.len() < limit as usize {
            let missing = limit - entries.len() as u32;
            let (rows, more) = self.entry_rows(account, 1, last, missing, false).await?;
            last = rows.last().map_or(0, |(number, _)| number.saturating_sub(1));
            entries.extend(rows);
            if !more {
                break;
            }
        }
        Ok(entries)
    }

    /// Entries from a number on, oldest first, each with the number that it is
    /// stored under: as many as one query gives, and none at the end only.
    pub async fn entries_from(
        &self,
        account: &AccountId,
        first: u64,
    ) -> Result<Vec<(u64, Sealed)>, StoreError> {
        Ok(self.entry_rows(account, first, NUMBER_MAX, ENTRIES_READ_MAX, true).await?.0)
    }

    /// One query, and whether it could go on: DynamoDB ends each at a megabyte.
    async fn entry_rows(
        &self,
        account: &AccountId,
        first: u64,
        last: u64,
        limit: u32,
        forward: bool,
    ) -> Result<(Vec<(u64, Sealed)>, bool), StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :ledger AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":ledger", text(ledger_partition(account)))
            .expression_attribute_values(":first", text(entry_range(first)))
            .expression_attribute_values(":last", text(entry_range(last)))
            .scan_index_forward(forward)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable)?;
        let more = output.last_evaluated_key.is_some();
        let rows = output.items.unwrap_or_default().into_iter().map(numbered).collect::<Result<_, _>>()?;
        Ok((rows, more))
    }

    pub async fn ledger_head(&self, account: &AccountId) -> Result<Option<Head>, StoreError> {
        self.read(ledger_head_key(account)).await
    }

    /// Where the ledgers of up to a hundred accounts end, in no order. Of some
    /// the head may be missing or not readable: that is nothing to keep others for.
    pub async fn ledger_heads(
        &self,
        accounts: &[AccountId],
    ) -> Result<Vec<(AccountId, Option<Head>)>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = accounts.iter().map(ledger_head_key).collect();
        let mut rows = self.read_all(keys.clone()).await?;
        let heads = accounts.iter().zip(keys).map(|(account, key)| {
            let head = take(&mut rows, &key).and_then(|head| parsed(head).ok());
            (account.clone(), head)
        });
        Ok(heads.collect())
    }

    /// The accounts that have a ledger.
    pub async fn ledgers(&self, after: Option<PageKey>) -> Result<QueuePage<AccountId>, StoreError> {
        #[derive(Deserialize)]
        struct Ledger {
            account_id: AccountId,
        }
        let page = self.queue_page("queue = :queue", &[(":queue", LEDGERS.to_owned())], after).await?;
        let rows = page.rows.into_iter().map(|ledger: Ledger| ledger.account_id).collect();
        Ok(QueuePage { rows, unreadable: page.unreadable, next: page.next })
    }

    /// The accounts that consent to AI training.
    pub async fn consenting(&self, after: Option<PageKey>) -> Result<QueuePage<Consenting>, StoreError> {
        self.queue_page("queue = :queue", &[(":queue", CONSENTS.to_owned())], after).await
    }

    /// Entries about consents, made before a time, that not everybody has been told of.
    pub async fn untold(
        &self,
        before: DateTime<Utc>,
        after: Option<PageKey>,
    ) -> Result<QueuePage<Sealed>, StoreError> {
        let values = [(":queue", UNTOLD.to_owned()), (":before", moment(before))];
        self.queue_page("queue = :queue AND queue_at < :before", &values, after).await
    }

    /// One entry of a ledger.
    pub async fn entry(&self, account: &AccountId, number: u64) -> Result<Option<Sealed>, StoreError> {
        self.read(entry_key(account, number)).await
    }

    /// Remembers that everybody has been told of an entry.
    pub async fn told(&self, entry: &Entry) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(entry_key(&entry.account, entry.number)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("REMOVE queue, queue_at")
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn queue_page<T: DeserializeOwned>(
        &self,
        condition: &str,
        values: &[(&str, String)],
        after: Option<PageKey>,
    ) -> Result<QueuePage<T>, StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(BY_QUEUE)
            .key_condition_expression(condition)
            .limit(100)
            .set_exclusive_start_key(after.map(|PageKey(key)| key));
        for (name, value) in values {
            query = query.expression_attribute_values(*name, text(value));
        }
        let output = query.send().await.map_err(unavailable)?;
        let mut page =
            QueuePage { rows: Vec::new(), unreadable: 0, next: output.last_evaluated_key.map(PageKey) };
        for row in output.items.unwrap_or_default() {
            match parsed(row) {
                Ok(row) => page.rows.push(row),
                Err(_) => page.unreadable += 1,
            }
        }
        Ok(page)
    }
}

/// A row of a ledger, with the number in its key.
fn numbered(row: Item) -> Result<(u64, Sealed), StoreError> {
    let number = row.get("sk").and_then(|sk| sk.as_s().ok()).and_then(|sk| sk.strip_prefix(ENTRY));
    let number = number.and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| StoreError::Corrupt("a row of a ledger has no number".into()))?;
    // What cannot be read is an entry that nobody has written: it fits to no hash.
    Ok((number, parsed(row).unwrap_or_default()))
}
