//! What is counted in a product's tables, which lie in memory here.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use aws_credential_types::Credentials;
use habeas_aws::Aws;
use habeas_domain::DataType;
use habeas_local_table::{Fault, LocalTable};
use habeas_sources::{DataMap, DynamoDb, Lambda, S3, SourceError, Stores};
use habeas_testkit::{account, address};
use preview::{Census, Counted, DataMapCensus};
use serde_json::{Value, json};

const MAP: &str = r#"
    version = 1

    [[identity]]
    id = "user_id"
    account_field = "account_id"
    dynamodb = { table = "users", key = ["email"] }
    find_field = "email"
    id_field = "user_id"

    [[source]]
    name = "meetings"
    data_type = "meetings"
    account_field = "account_id"
    dynamodb = { table = "meetings", key = ["host", "number"] }
    find = [{ subject_field = "host" }]
    erase = { rule = "retain", reason = "§ 147 AO" }

    [[source]]
    name = "attendees"
    data_type = "meetings"
    account_field = "account_id"
    at_a_time = 1
    dynamodb = { table = "attendees", key = ["number", "email"] }
    find = [
        { subject_field = "email", index = "by-email" },
        { through = "meetings", field = "number" },
    ]
    erase = { rule = "delete" }

    [[source]]
    name = "boards"
    data_type = "whiteboards"
    account_field = "account_id"
    allow_scan = true
    dynamodb = { table = "boards", key = ["board_id"] }
    find = [{ subject_field = "owner", id = "user_id" }]
    erase = { rule = "mask", remove = ["owner"] }

    [[source]]
    name = "messages"
    data_type = "chat"
    account_field = "account_id"
    dynamodb = { table = "messages", key = ["sender", "number"] }
    find = [{ subject_field = "sender" }]
    erase = { rule = "delete" }

    [[source]]
    name = "attachments"
    data_type = "chat"
    s3 = { bucket = "files" }
    find = [{ through = "messages", field = "file" }]
    erase = { rule = "delete" }
"#;

const ANA: &str = "ana@amber.example";
const BOB: &str = "bob@amber.example";

fn keys(names: &[&str]) -> Vec<Value> {
    let parts = names.iter().zip(["HASH", "RANGE"]);
    parts.map(|(name, part)| json!({"AttributeName": name, "KeyType": part})).collect()
}

/// The tables of the map, empty.
fn tables() -> LocalTable {
    let local = LocalTable::new();
    for (table, key) in [
        ("users", &["email"][..]),
        ("meetings", &["host", "number"]),
        ("attendees", &["number", "email"]),
        ("boards", &["board_id"]),
        ("messages", &["sender", "number"]),
    ] {
        let types = key.iter().map(|name| json!({"AttributeName": name, "AttributeType": "S"}));
        let mut definition = json!({
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": types.collect::<Vec<_>>(),
            "KeySchema": keys(key),
        });
        if table == "attendees" {
            let projection = json!({"ProjectionType": "ALL"});
            definition["GlobalSecondaryIndexes"] =
                json!([{"IndexName": "by-email", "KeySchema": keys(&["email"]), "Projection": projection}]);
        }
        local.create(definition);
    }
    local
}

/// Puts a record whose fields are all texts.
fn put(local: &LocalTable, table: &str, fields: &[(&str, &str)]) {
    let item: serde_json::Map<_, _> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), json!({"S": value}))).collect();
    local.run("PutItem", json!({"TableName": table, "Item": item})).unwrap();
}

/// What Ana and Bob left in the account amber, and Ana in birch.
fn filled() -> LocalTable {
    let local = tables();
    put(&local, "users", &[("email", ANA), ("user_id", "u-1"), ("account_id", "amber")]);
    for number in ["1", "2"] {
        put(&local, "meetings", &[("host", ANA), ("number", number), ("account_id", "amber")]);
        put(&local, "attendees", &[("number", number), ("email", BOB), ("account_id", "amber")]);
    }
    put(&local, "attendees", &[("number", "1"), ("email", ANA), ("account_id", "amber")]);
    put(&local, "boards", &[("board_id", "b-1"), ("owner", "u-1"), ("account_id", "amber")]);
    put(&local, "boards", &[("board_id", "b-2"), ("owner", "u-2"), ("account_id", "amber")]);
    for (number, account) in [("1", "amber"), ("2", "amber"), ("3", "birch")] {
        put(&local, "messages", &[("sender", ANA), ("number", number), ("account_id", account)]);
    }
    let with_file = [("sender", ANA), ("number", "4"), ("account_id", "amber"), ("file", "f-1")];
    put(&local, "messages", &with_file);
    local
}

/// Of other stores than DynamoDB nothing is asked.
fn census(local: &LocalTable) -> DataMapCensus {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let nowhere = Aws::new(credentials, "us-east-1".into(), Some("http://127.0.0.1:1".into()));
    let dynamodb = DynamoDb::on(local.client());
    let stores = Stores { dynamodb, s3: S3::new(&nowhere), lambda: Lambda::new(&nowhere) };
    DataMapCensus { map: DataMap::parse(MAP, "123456789012", "eu-central-1").unwrap(), stores }
}

/// What is counted of somebody, as "source count".
async fn counted(
    census: &DataMapCensus,
    person: &str,
    types: &[DataType],
) -> Result<Vec<String>, SourceError> {
    let people = [address(ANA), address(BOB)];
    let counts = census.count(&account("amber").id, &people, types).await?;
    assert_eq!(counts.len(), 2, "everybody is named");
    let of = counts[&address(person)].iter();
    Ok(of.map(|(source, counted)| format!("{source} {}", counted.count)).collect())
}

#[tokio::test]
async fn what_is_somebodys_own_is_counted_and_what_holds_nothing_is_named() {
    let census = census(&filled());
    let everything = DataType::ALL;
    assert_eq!(
        counted(&census, ANA, &everything).await.unwrap(),
        ["attachments 1", "attendees 1", "boards 1", "meetings 2", "messages 3"]
    );
    assert_eq!(
        counted(&census, BOB, &everything).await.unwrap(),
        ["attachments 0", "attendees 2", "boards 0", "meetings 0", "messages 0"]
    );
}

#[tokio::test]
async fn only_sources_of_the_data_types_are_counted() {
    let census = census(&filled());
    let of_chat = counted(&census, ANA, &[DataType::Chat]).await.unwrap();
    assert_eq!(of_chat, ["attachments 1", "messages 3"]);
    assert_eq!(counted(&census, ANA, &[DataType::Webinars]).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn many_pages_are_counted_as_one() {
    let local = filled();
    local.limit_pages(2);
    let everything = counted(&census(&local), ANA, &DataType::ALL).await.unwrap();
    assert_eq!(everything, ["attachments 1", "attendees 1", "boards 1", "meetings 2", "messages 3"]);
}

#[tokio::test]
async fn a_source_says_what_a_deletion_does_with_it_and_why() {
    let counts =
        census(&filled()).count(&account("amber").id, &[address(ANA)], &DataType::ALL).await.unwrap();
    let of = |source: &str| counts[&address(ANA)][source].clone();
    let meetings = of("meetings");
    assert_eq!((meetings.rule, meetings.reason.as_deref()), ("retain", Some("§ 147 AO")));
    let boards = Counted { data_type: DataType::Whiteboards, rule: "mask", reason: None, count: 1 };
    assert_eq!(of("boards"), boards);
    assert_eq!((of("messages").rule, of("messages").data_type), ("delete", DataType::Chat));
}

#[tokio::test]
async fn a_record_that_says_of_no_account_fails_its_source_and_so_the_count() {
    let local = filled();
    put(&local, "messages", &[("sender", BOB), ("number", "1")]);
    let error = counted(&census(&local), ANA, &DataType::ALL).await.unwrap_err();
    assert!(error.to_string().contains("`messages`"), "{error}");
    assert!(counted(&census(&local), ANA, &[DataType::Meetings]).await.is_ok());
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_named() {
    // More often than the SDK and the walk ask again.
    const CALLS_MAX: usize = 100;
    let local = filled();
    (0..CALLS_MAX).for_each(|_| local.fail_next(Fault::BeforeIt));
    let error = counted(&census(&local), ANA, &[DataType::Chat]).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Unavailable { source_name, .. } if source_name == "users"),
        "{error}"
    );
}
