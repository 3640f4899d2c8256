//! The tables of a product in memory, and what a walk finds in them.

pub(crate) mod record;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_credential_types::Credentials;
use chrono::NaiveDate;
use habeas_aws::Aws;
use habeas_domain::DateRange;
use habeas_local_table::LocalTable;
use habeas_sources::{Cursor, DataMap, DynamoDb, Found, Lambda, S3, SourceError, Stores, Subject, Walk};
use habeas_testkit::{account, address};
use record::{ACCOUNTS, AMBER, ANA, Kind, PEOPLE, Record, Records};
use serde_json::{Value, json};

/// No walk through a few dozen records takes as many pages.
pub(crate) const PAGES_MAX: usize = 1_000;

const MAP: &str = r#"
    version = 1

    [[source]]
    name = "meetings"
    data_type = "meetings"
    account_field = "account_id"
    time_field = "started_at"
    dynamodb = { table = "meetings", key = ["meeting_id"] }
    find = [{ subject_field = "host_email", index = "by-host" }]
    [source.erase]
    rule = "anonymise_shared"
    shared_with = "participants"
    remove = ["host_name"]
    fields = { host_email = { constant = "nobody" }, note = "null" }

    [[source]]
    name = "participants"
    data_type = "meetings"
    account_field = "account_id"
    time_field = "joined_at"
    others = { title = "redact" }
    dynamodb = { table = "participants", key = ["meeting_id", "email"] }
    find = [
        { subject_field = "email", index = "by-email" },
        { through = "meetings", field = "meeting_id" },
    ]
    erase = { rule = "delete" }

    [[source]]
    name = "polls"
    data_type = "meetings"
    account_field = "account_id"
    dynamodb = { table = "polls", key = ["meeting_id", "number"] }
    find = [
        { subject_field = "author_email", index = "by-author" },
        { through = "meetings", field = "meeting_id" },
    ]
    erase = { rule = "retain", reason = "§ 147 AO" }

    [[source]]
    name = "messages"
    data_type = "chat"
    account_field = "account_id"
    time_field = "sent_at"
    dynamodb = { table = "messages", key = ["sender_email", "number"] }
    find = [{ subject_field = "sender_email" }]
    erase = { rule = "delete" }

    [[source]]
    name = "files"
    data_type = "chat"
    s3 = { bucket = "files" }
    find = [{ through = "messages", field = "file" }]
    erase = { rule = "delete" }

    [[source]]
    name = "boards"
    data_type = "whiteboards"
    account_field = "account_id"
    time_field = "created_at"
    allow_scan = true
    dynamodb = { table = "boards", key = ["board_id"] }
    find = [{ subject_field = "owner_email" }]
    [source.erase]
    rule = "mask"
    remove = ["title"]
    [source.erase.fields]
    owner_email = "pseudonym"
    more = "pseudonym"
    host_name = { truncate = 3 }
    note = { constant = "gone" }
"#;

/// The fields of a key, each with its type.
type Fields = &'static [(&'static str, &'static str)];

struct Table {
    name: &'static str,
    key: Fields,
    index: Option<(&'static str, Fields)>,
}

const TABLES: [Table; 5] = [
    Table { name: "meetings", key: &[("meeting_id", "S")], index: Some(("by-host", &[("host_email", "S")])) },
    Table {
        name: "participants",
        key: &[("meeting_id", "S"), ("email", "S")],
        index: Some(("by-email", &[("email", "S"), ("joined_at", "S")])),
    },
    Table {
        name: "polls",
        key: &[("meeting_id", "S"), ("number", "N")],
        index: Some(("by-author", &[("author_email", "S")])),
    },
    Table { name: "messages", key: &[("sender_email", "S"), ("number", "N")], index: None },
    Table { name: "boards", key: &[("board_id", "N")], index: None },
];

impl Table {
    /// In the words of CreateTable.
    fn definition(&self) -> Value {
        let none: Fields = &[];
        let of_index = self.index.map_or(none, |(_, key)| key);
        let types: BTreeMap<_, _> = self.key.iter().chain(of_index).copied().collect();
        let types = types.iter().map(|(name, of)| json!({"AttributeName": name, "AttributeType": of}));
        let mut definition = json!({
            "TableName": self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": types.collect::<Vec<_>>(),
            "KeySchema": schema(self.key),
        });
        if let Some((name, key)) = self.index {
            let projection = json!({"ProjectionType": "ALL"});
            definition["GlobalSecondaryIndexes"] =
                json!([{"IndexName": name, "KeySchema": schema(key), "Projection": projection}]);
        }
        definition
    }
}

fn schema(key: Fields) -> Vec<Value> {
    let parts = key.iter().zip(["HASH", "RANGE"]);
    parts.map(|((name, _), part)| json!({"AttributeName": name, "KeyType": part})).collect()
}

/// Nobody listens there.
static NOWHERE: LazyLock<Aws> = LazyLock::new(|| {
    let credentials = Credentials::new("test", "test", None, None, "test");
    Aws::new(credentials, "us-east-1".into(), Some("http://127.0.0.1:1".into()))
});

/// Of other stores than DynamoDB nothing is ever asked.
fn stores(local: &LocalTable) -> Stores {
    Stores { dynamodb: DynamoDb::on(local.client()), s3: S3::new(&NOWHERE), lambda: Lambda::new(&NOWHERE) }
}

/// A product's tables, and the map of them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) local: LocalTable,
    pub(crate) stores: Stores,
    pub(crate) map: DataMap,
}

impl World {
    pub(crate) fn with(records: &Records) -> Self {
        let local = LocalTable::new();
        for table in &TABLES {
            local.create(table.definition());
        }
        let map = DataMap::parse(MAP, "123456789012", "eu-central-1").unwrap();
        let world = Self { stores: stores(&local), local, map };
        for record in records.values() {
            world.put(record);
        }
        world
    }

    pub(crate) fn put(&self, record: &Record) {
        self.put_row(record.kind, &record.row());
    }

    pub(crate) fn put_row(&self, kind: Kind, row: &Value) {
        self.local.run("PutItem", json!({"TableName": kind.source(), "Item": row})).unwrap();
    }

    pub(crate) fn remove(&self, record: &Record) {
        let (table, key) = (record.kind.source(), record.key());
        self.local.run("DeleteItem", json!({"TableName": table, "Key": key})).unwrap();
    }

    /// All that a walk from the start to the end finds, in its order.
    pub(crate) async fn found(&self, source: &str, subject: &Subject) -> Result<Vec<Found>, SourceError> {
        let walk = Walk::new(&self.stores, &self.map, self.map.source(source).unwrap(), subject);
        let (mut all, mut next) = (Vec::new(), Some(Cursor::default()));
        for _ in 0..PAGES_MAX {
            let Some(cursor) = next else { return Ok(all) };
            let page = walk.page(&cursor).await?;
            all.extend(page.found);
            next = page.next;
        }
        panic!("the walk has no end");
    }
}

/// From the first day of January 2026 to the last, both inclusive.
pub(crate) type Days = (u32, u32);

/// Ana, in the account amber.
pub(crate) fn ana(days: Option<Days>) -> Subject {
    let day = |day| NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
    let range = days.map(|(from, to)| DateRange { from: day(from), to: day(to) });
    Subject { range, ..somebody(ANA) }
}

/// One of `PEOPLE`, in the account amber.
pub(crate) fn somebody(who: usize) -> Subject {
    Subject::new(address(PEOPLE[who]), account(ACCOUNTS[AMBER]).id, None)
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}
