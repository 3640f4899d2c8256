//! What a product keeps: tables, what its function has, and a bucket.

use std::collections::{BTreeMap, BTreeSet};

use habeas_local_table::Item;
use habeas_sources::Key;
use serde_json::{Value, json};

/// A row in DynamoDB's typed JSON.
pub(crate) type Row = Item;

pub(crate) type Id = (Table, Key);

pub(crate) type Rows = BTreeMap<Id, Row>;

/// The tables that a map may name. A few kinds of key are all that there are.
///
/// What a function keeps is one more table, and so is a bucket, whose rows are its
/// objects: what is said of rows is then said of everything.
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
    /// Behind the function.
    Answers,
    /// In the bucket.
    Files,
}

impl Table {
    pub(crate) const OF_DYNAMODB: [Self; 7] =
        [Self::Users, Self::Rooms, Self::Terms, Self::Guests, Self::Talks, Self::Mails, Self::Cards];

    pub(crate) const OF_RECORDS: [Self; 7] =
        [Self::Rooms, Self::Terms, Self::Guests, Self::Talks, Self::Mails, Self::Cards, Self::Answers];

    pub(crate) fn is_dynamodb(self) -> bool {
        Self::OF_DYNAMODB.contains(&self)
    }

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
            Self::Answers => "answers",
            Self::Files => "files",
        }
    }

    pub(crate) fn key(self) -> &'static [&'static str] {
        match self {
            Self::Users => &["email", "row"],
            Self::Rooms => &["place"],
            Self::Terms | Self::Talks | Self::Answers => &["place", "number"],
            Self::Guests => &["place", "who"],
            Self::Mails => &["who", "number"],
            Self::Cards => &["who"],
            Self::Files => &["key"],
        }
    }

    pub(crate) fn id(self, row: &Row) -> Id {
        let part = |field: &&str| ((*field).to_owned(), serde_json::from_value(row[*field].clone()).unwrap());
        (self, self.key().iter().map(part).collect())
    }

    /// In the words of CreateTable.
    pub(crate) fn definition(self) -> Value {
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
