use std::collections::HashMap;
use std::fmt;

use dynoxide::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A row in DynamoDB's typed JSON.
pub type Item = HashMap<String, Value>;

/// A DynamoDB in memory that takes operations by name, as their JSON.
#[derive(Clone)]
pub(crate) struct Database {
    inner: dynoxide::Database,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl Database {
    pub(crate) fn in_memory() -> Self {
        Self { inner: dynoxide::Database::memory().expect("memory") }
    }

    /// The output, or the error in the form that DynamoDB sends.
    pub(crate) fn run(&self, operation: &str, input: Value) -> Result<Value, String> {
        let database = &self.inner;
        match operation {
            "BatchGetItem" => run(input, |it| database.batch_get_item(it)),
            "BatchWriteItem" => run(input, |it| database.batch_write_item(it)),
            "CreateTable" => run(input, |it| database.create_table(it)),
            "DeleteItem" => run(input, |it| database.delete_item(it)),
            "GetItem" => run(input, |it| database.get_item(it)),
            "PutItem" => run(input, |it| database.put_item(it)),
            "Query" => run(input, |it| database.query(it)),
            "Scan" => run(input, |it| database.scan(it)),
            "TransactWriteItems" => run(input, |it| database.transact_write_items(it)),
            "UpdateItem" => run(input, |it| database.update_item(it)),
            other => panic!("the table has no operation {other}"),
        }
    }

    pub(crate) fn rows(&self, table: &str) -> Vec<Item> {
        let mut rows: Vec<Item> = Vec::new();
        let mut scan = json!({ "TableName": table });
        loop {
            let output = self.run("Scan", scan.clone()).expect("a scan");
            rows.extend(serde_json::from_value::<Vec<Item>>(output["Items"].clone()).expect("rows"));
            match output.get("LastEvaluatedKey") {
                Some(last) => scan["ExclusiveStartKey"] = last.clone(),
                None => return rows,
            }
        }
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    input: Value,
    operation: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> Result<Value, String> {
    let input = serde_json::from_value(input).expect("an input of the operation");
    let output = operation(input).map_err(|error| error.to_json())?;
    Ok(serde_json::to_value(output).expect("an output"))
}
