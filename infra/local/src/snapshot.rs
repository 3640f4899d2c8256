use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::KeyType;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::canonical::{Row, attribute_json, hex, row_json};
use crate::surveys::{self, ANSWERS};
use crate::versions::{self, versions};
use crate::{Clients, LocalError, Result};

/// Who is who in the product. The data map has its rows stay.
pub const USERS: &str = "meetings-app-users";

/// Everything in the sources at one moment, as text that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Table to the row's key (a JSON array) to the row (canonical JSON).
    ///
    /// The survey documents are one of them, `survey_answers`, so that the answers
    /// of one person can go from a document while all others stay. An answer that
    /// only an older version of its document has still is `<key>@<version>`.
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
    /// The other keys of the bucket to the SHA-256 of what lies there; an older
    /// version of an object, or one behind a delete marker, is `<key>@<version>`.
    pub files: BTreeMap<String, String>,
}

/// How two snapshots differ; entries are `<table> <key>` or `s3 <key>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    pub removed: Vec<String>,
    pub changed: Vec<String>,
    pub added: Vec<String>,
}

impl Snapshot {
    /// What happened between this snapshot and a later one.
    pub fn changes(&self, later: &Self) -> Changes {
        let mut changes = Changes::default();
        let names = self.tables.keys().chain(later.tables.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        for name in names {
            let none = BTreeMap::new();
            let before = self.tables.get(name).unwrap_or(&none);
            changes.note(name, before, later.tables.get(name).unwrap_or(&none));
        }
        changes.note("s3", &self.files, &later.files);
        changes
    }

    /// The id by which parts of the product know the person of an address.
    pub fn user_of(&self, address: &str) -> Option<String> {
        let rows = self.tables.get(USERS)?.values();
        let mut rows = rows.filter_map(|row| serde_json::from_str::<Value>(row).ok());
        let row = rows.find(|row| row["email"] == address)?;
        row["user_id"].as_str().map(str::to_owned)
    }
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn note(&mut self, name: &str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
        for (key, value) in before {
            match after.get(key) {
                None => self.removed.push(format!("{name} {key}")),
                Some(other) if other != value => self.changed.push(format!("{name} {key}")),
                Some(_) => {}
            }
        }
        let added = after.keys().filter(|key| !before.contains_key(*key));
        self.added.extend(added.map(|key| format!("{name} {key}")));
    }
}

/// Every row of the table.
pub(crate) async fn scan(clients: &Clients, table: &str) -> Result<Vec<Row>> {
    let mut pages = clients.dynamodb.scan().table_name(table).consistent_read(true).into_paginator().send();
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(LocalError::aws(format!("scan table {table}")))?;
        rows.extend(page.items.unwrap_or_default());
    }
    Ok(rows)
}

pub(crate) async fn snapshot(clients: &Clients, tables: &[String], bucket: &str) -> Result<Snapshot> {
    // At once, so that the emulator works while rows are printed.
    let mut scans = JoinSet::new();
    for table in tables {
        let (clients, table) = (clients.clone(), table.clone());
        scans.spawn(async move { Ok((table.clone(), rows(&clients, &table).await?)) });
    }
    let mut found = objects(clients, bucket).await?;
    while let Some(scan) = scans.join_next().await {
        let scan = scan.map_err(|error| LocalError::unexpected("scan a table", error))?;
        let (table, rows) = scan?;
        found.tables.insert(table, rows);
    }
    Ok(found)
}

async fn rows(clients: &Clients, table: &str) -> Result<BTreeMap<String, String>> {
    let key = key_attributes(clients, table).await?;
    let mut rows = BTreeMap::new();
    for row in scan(clients, table).await? {
        rows.insert(key_json(&key, &row)?, row_json(&row)?);
    }
    Ok(rows)
}

/// The names of the table's key attributes, the partition key first.
pub(crate) async fn key_attributes(clients: &Clients, table: &str) -> Result<Vec<String>> {
    let reply = clients
        .dynamodb
        .describe_table()
        .table_name(table)
        .send()
        .await
        .map_err(LocalError::aws(format!("describe table {table}")))?;
    let schema = reply.table.and_then(|table| table.key_schema);
    let mut schema = schema.unwrap_or_default();
    schema.sort_by_key(|element| element.key_type != KeyType::Hash);
    Ok(schema.into_iter().map(|element| element.attribute_name).collect())
}

/// A row's key as a JSON array.
pub(crate) fn key_json(key: &[String], row: &Row) -> Result<String> {
    let parts =
        key.iter().filter_map(|name| row.get(name)).map(attribute_json).collect::<Result<Vec<_>>>()?;
    Ok(format!("[{}]", parts.join(",")))
}

/// What lies in the bucket, in all its versions.
async fn objects(clients: &Clients, bucket: &str) -> Result<Snapshot> {
    let (mut files, mut documents) = (BTreeMap::new(), Vec::new());
    for version in versions(&clients.s3, bucket, None).await? {
        let bytes = versions::read(&clients.s3, bucket, &version).await?;
        let key = &version.key;
        if surveys::is_document(key) {
            let answers = surveys::answers(key, &bytes)
                .map_err(|problem| LocalError::unexpected(format!("read {key}"), problem))?;
            documents.push(((!version.is_latest).then_some(version.id), answers));
        } else {
            let name = if version.is_latest { key.clone() } else { format!("{key}@{}", version.id) };
            files.insert(name, hex(&Sha256::digest(bytes)));
        }
    }
    let tables = BTreeMap::from([(ANSWERS.to_owned(), surveys::together(documents))]);
    Ok(Snapshot { tables, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(rows: &[(&str, &str)]) -> Snapshot {
        let rows = rows.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Snapshot { tables: BTreeMap::from([("t".to_owned(), rows.collect())]), files: BTreeMap::new() }
    }

    #[test]
    fn what_went_what_came_and_what_is_another_is_told_apart() {
        let before = snapshot(&[("1", "a"), ("2", "b"), ("3", "c")]);
        let after = snapshot(&[("1", "a"), ("2", "x"), ("4", "d")]);
        let changes = before.changes(&after);
        assert_eq!(changes.removed, ["t 3"]);
        assert_eq!(changes.changed, ["t 2"]);
        assert_eq!(changes.added, ["t 4"]);
        assert!(before.changes(&before).is_empty());
    }
}
