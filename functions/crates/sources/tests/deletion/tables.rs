//! The tables of a product in memory, and steps that never wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aws_credential_types::Credentials;
use habeas_aws::Aws;
use habeas_local_table::{Item, LocalTable};
use habeas_sources::{DynamoDb, Key, Lambda, S3, Stores};
use habeas_testkit::at_once;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// Each time something has gone wrong, and there are fewer faults in a case.
const TRIES_MAX: usize = 64;

/// A row in DynamoDB's typed JSON.
pub(crate) type Row = Item;

pub(crate) type Id = (Table, Key);

pub(crate) type Rows = BTreeMap<Id, Row>;

/// The tables that a map may name. A few kinds of key are all that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// Ids follow from it.
    Users,
    Rooms,
    Terms,
    Guests,
    Talks,
    Mails,
    Cards,
}

impl Table {
    const ALL: [Self; 7] =
        [Self::Users, Self::Rooms, Self::Terms, Self::Guests, Self::Talks, Self::Mails, Self::Cards];

    pub(crate) const OF_RECORDS: [Self; 6] =
        [Self::Rooms, Self::Terms, Self::Guests, Self::Talks, Self::Mails, Self::Cards];

    /// The name of the source, too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Rooms => "rooms",
            Self::Terms => "terms",
            Self::Guests => "guests",
            Self::Talks => "talks",
            Self::Mails => "mails",
            Self::Cards => "cards",
        }
    }

    pub(crate) fn key(self) -> &'static [&'static str] {
        match self {
            Self::Users => &["email", "row"],
            Self::Rooms => &["place"],
            Self::Terms | Self::Talks => &["place", "number"],
            Self::Guests => &["place", "who"],
            Self::Mails => &["who", "number"],
            Self::Cards => &["who"],
        }
    }

    pub(crate) fn id(self, row: &Row) -> Id {
        let part = |field: &&str| ((*field).to_owned(), serde_json::from_value(row[*field].clone()).unwrap());
        (self, self.key().iter().map(part).collect())
    }

    /// In the words of CreateTable.
    fn definition(self) -> Value {
        let kind = |field: &str| if matches!(field, "number" | "row") { "N" } else { "S" };
        let index = (self.key()[0] == "place").then_some("who");
        let fields: BTreeSet<&str> = self.key().iter().copied().chain(index).collect();
        let types =
            fields.into_iter().map(|field| json!({"AttributeName": field, "AttributeType": kind(field)}));
        let mut definition = json!({
            "TableName": self.name(),
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": types.collect::<Vec<_>>(),
            "KeySchema": schema(self.key()),
        });
        if let Some(field) = index {
            let projection = json!({"ProjectionType": "ALL"});
            definition["GlobalSecondaryIndexes"] =
                json!([{"IndexName": "by-who", "KeySchema": schema(&[field]), "Projection": projection}]);
        }
        definition
    }
}

fn schema(fields: &[&str]) -> Vec<Value> {
    let parts = fields.iter().zip(["HASH", "RANGE"]);
    parts.map(|(field, part)| json!({"AttributeName": field, "KeyType": part})).collect()
}

pub(crate) fn words(text: &str) -> Value {
    json!({"S": text})
}

/// What a field says, where that is a text.
pub(crate) fn text<'r>(row: &'r Row, field: &str) -> Option<&'r str> {
    row.get(field)?.get("S")?.as_str()
}

/// Nobody listens there.
static NOWHERE: LazyLock<Aws> = LazyLock::new(|| {
    let credentials = Credentials::new("test", "test", None, None, "test");
    Aws::new(credentials, "us-east-1".into(), Some("http://127.0.0.1:1".into()))
});

/// A clock that stands still: timers can be set, and nobody turns it.
static CLOCK: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

/// A product's tables.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) local: LocalTable,
    pub(crate) stores: Stores,
}

impl World {
    pub(crate) fn new() -> Self {
        let local = LocalTable::new();
        for table in Table::ALL {
            local.create(table.definition());
        }
        // Of other stores than DynamoDB nothing is ever asked.
        let dynamodb = DynamoDb::on(local.client());
        let stores = Stores { dynamodb, s3: S3::new(&NOWHERE), lambda: Lambda::new(&NOWHERE) };
        Self { local, stores }
    }

    pub(crate) fn put(&self, table: Table, row: &Row) {
        self.local.run("PutItem", json!({"TableName": table.name(), "Item": row})).unwrap();
    }

    pub(crate) fn remove(&self, (table, key): &Id) {
        self.local.run("DeleteItem", json!({"TableName": table.name(), "Key": key})).unwrap();
    }

    /// All rows of the tables, byte for byte.
    pub(crate) fn rows(&self, tables: &[Table]) -> Rows {
        let of = |table: Table| {
            let rows = self.local.rows_of(table.name()).into_iter();
            rows.map(move |row| (table.id(&row), row))
        };
        tables.iter().copied().flat_map(of).collect()
    }

    /// Does a step until it is done. One that has to wait, as it does where a source
    /// refuses to answer, is killed where it stands and begun again.
    pub(crate) fn insist<T, F: Future<Output = T>>(&self, step: impl Fn() -> F) -> T {
        let _entered = CLOCK.enter();
        let done = (0..TRIES_MAX).find_map(|_| at_once(step()));
        done.unwrap_or_else(|| panic!("the step is never done"))
    }
}
