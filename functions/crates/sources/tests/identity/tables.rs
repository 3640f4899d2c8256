//! The tables of a product where one person has many ids, and their map.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_credential_types::Credentials;
use habeas_aws::Aws;
use habeas_local_table::LocalTable;
use habeas_sources::{
    Cursor, DataMap, DynamoDb, Found, Lambda, Page, Part, S3, Source, Stores, Subject, Walk,
};
use serde_json::{Value, json};

use crate::record::{Kind, Record, Records};

/// No walk through a few dozen records takes as many pages.
pub(crate) const PAGES_MAX: usize = 1_000;

const MAP: &str = r#"
    version = 1

    [[identity]]
    id = "user_id"
    account_field = "account_id"
    find_field = "has"
    id_field = "leads_to"
    dynamodb = { table = "users", key = ["has", "row"] }

    [[identity]]
    id = "email"
    from = "user_id"
    account_field = "account_id"
    find_field = "has"
    id_field = "leads_to"
    index = "by-has"
    dynamodb = { table = "aliases", key = ["row"] }

    [[identity]]
    id = "participant_id"
    from = "user_id"
    account_field = "account_id"
    find_field = "has"
    id_field = "leads_to"
    index = "by-has"
    dynamodb = { table = "participants", key = ["row"] }

    [[identity]]
    id = "user_id"
    from = "participant_id"
    account_field = "account_id"
    find_field = "has"
    id_field = "leads_to"
    dynamodb = { table = "seats", key = ["has", "row"] }

    [[source]]
    name = "notes"
    data_type = "meetings"
    account_field = "account_id"
    dynamodb = { table = "notes", key = ["note_id"] }
    find = [{ subject_field = "user_id", id = "user_id", index = "by-user" }]
    erase = { rule = "delete" }

    [[source]]
    name = "messages"
    data_type = "meetings"
    account_field = "account_id"
    dynamodb = { table = "messages", key = ["email", "number"] }
    find = [{ subject_field = "email" }]
    erase = { rule = "delete" }

    [[source]]
    name = "rooms"
    data_type = "meetings"
    account_field = "account_id"
    dynamodb = { table = "rooms", key = ["room_id"] }
    find = [{ subject_field = "host_id", id = "user_id", index = "by-host" }]
    erase = { rule = "mask", remove = ["host_id", "text"] }

    [[source]]
    name = "guests"
    data_type = "meetings"
    account_field = "account_id"
    dynamodb = { table = "guests", key = ["room_id", "email"] }
    find = [
        { subject_field = "email", index = "by-email" },
        { through = "rooms", field = "room_id" },
    ]
    erase = { rule = "delete" }

    [[source]]
    name = "logs"
    data_type = "meetings"
    account_field = "account_id"
    allow_scan = true
    scan_parts = 3
    dynamodb = { table = "logs", key = ["room_id", "number"] }
    find = [
        { subject_field = "user_id", id = "user_id" },
        { through = "rooms", field = "room_id" },
    ]
    erase = { rule = "mask", remove = ["user_id", "text"] }
"#;

struct Table {
    name: &'static str,
    /// Its fields, each with its type.
    key: &'static [(&'static str, &'static str)],
    /// Its name, and the text that it is by.
    index: Option<(&'static str, &'static str)>,
}

const TABLES: [Table; 9] = [
    Table { name: "users", key: &[("has", "S"), ("row", "N")], index: None },
    Table { name: "aliases", key: &[("row", "N")], index: Some(("by-has", "has")) },
    Table { name: "participants", key: &[("row", "N")], index: Some(("by-has", "has")) },
    Table { name: "seats", key: &[("has", "S"), ("row", "N")], index: None },
    Table { name: "notes", key: &[("note_id", "S")], index: Some(("by-user", "user_id")) },
    Table { name: "messages", key: &[("email", "S"), ("number", "N")], index: None },
    Table { name: "rooms", key: &[("room_id", "S")], index: Some(("by-host", "host_id")) },
    Table { name: "guests", key: &[("room_id", "S"), ("email", "S")], index: Some(("by-email", "email")) },
    Table { name: "logs", key: &[("room_id", "S"), ("number", "N")], index: None },
];

impl Table {
    /// In the words of CreateTable.
    fn definition(&self) -> Value {
        let by = self.index.map(|(_, field)| (field, "S"));
        let types: BTreeMap<_, _> = self.key.iter().copied().chain(by).collect();
        let types = types.iter().map(|(name, of)| json!({"AttributeName": name, "AttributeType": of}));
        let mut definition = json!({
            "TableName": self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": types.collect::<Vec<_>>(),
            "KeySchema": schema(self.key.iter().map(|(name, _)| *name)),
        });
        if let Some((name, field)) = self.index {
            let projection = json!({"ProjectionType": "ALL"});
            definition["GlobalSecondaryIndexes"] =
                json!([{"IndexName": name, "KeySchema": schema([field]), "Projection": projection}]);
        }
        definition
    }
}

fn schema(fields: impl IntoIterator<Item = &'static str>) -> Vec<Value> {
    let parts = fields.into_iter().zip(["HASH", "RANGE"]);
    parts.map(|(name, part)| json!({"AttributeName": name, "KeyType": part})).collect()
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
        self.put_row(record.kind.name(), &record.row());
    }

    pub(crate) fn put_row(&self, table: &str, row: &Value) {
        self.local.run("PutItem", json!({"TableName": table, "Item": row})).unwrap();
    }

    pub(crate) fn remove(&self, record: &Record) {
        let (table, key) = (record.kind.name(), record.key());
        self.local.run("DeleteItem", json!({"TableName": table, "Key": key})).unwrap();
    }

    pub(crate) fn source(&self, kind: Kind) -> &Source {
        self.map.source(kind.name()).unwrap()
    }

    /// One page, by a walk that knows of those before it what was stored, and
    /// nothing else.
    pub(crate) async fn page(&self, kind: Kind, subject: &Subject, part: Part, cursor: &Cursor) -> Page {
        let walk = Walk::new(&self.stores, &self.map, self.source(kind), subject).through_part(part);
        walk.page(&stored(cursor)).await.unwrap()
    }

    /// All that a walk from the start to the end finds, in its order.
    pub(crate) async fn found(&self, kind: Kind, subject: &Subject, part: Part) -> Vec<Found> {
        let (mut found, mut next) = (Vec::new(), Some(Cursor::default()));
        for _ in 0..PAGES_MAX {
            let Some(cursor) = next else { return found };
            let page = self.page(kind, subject, part, &cursor).await;
            found.extend(page.found);
            next = page.next;
        }
        panic!("the walk has no end");
    }
}

/// A cursor as it is read again after it was stored.
fn stored(cursor: &Cursor) -> Cursor {
    let read: Cursor = serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap();
    assert_eq!(*cursor, read);
    read
}

/// On a runtime with a clock, since no answer is waited for without end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}
