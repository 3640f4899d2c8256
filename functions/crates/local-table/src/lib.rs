//! Habeas's table in the process of a test: the real client and the real
//! conditions, on a DynamoDB that lives in memory.
//!
//! Calls are counted, and can be made to fail before or after they are done.
//! Tables of other products can stand beside it.
//! For tests and benchmarks only.
#![expect(clippy::expect_used, clippy::panic, reason = "a broken table is a broken test")]

mod connector;
mod database;
mod schema;

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use chrono::TimeDelta;
use habeas_aws::Table;

use connector::Connector;
pub use connector::{AtOnce, Fault};
use database::Database;
pub use database::Item;

const NAME: &str = "habeas";

/// How long the table keeps the record of a request.
pub const RECORD_DAYS: i64 = 731;

/// One table, empty at first. Clones share it.
#[derive(Debug, Clone)]
pub struct LocalTable {
    connector: Connector,
}

impl Default for LocalTable {
    fn default() -> Self {
        Self::new()
    }
}

impl LocalTable {
    #[must_use]
    pub fn new() -> Self {
        let database = Database::in_memory();
        database.run("CreateTable", schema::create_table(NAME)).expect("the table's own definition");
        Self { connector: Connector::new(database) }
    }

    /// Makes another table beside Habeas's, by the words of CreateTable.
    pub fn create(&self, definition: serde_json::Value) {
        self.connector.database().run("CreateTable", definition).expect("the definition of a table");
    }

    /// The table as functions have it.
    #[must_use]
    pub fn table(&self) -> Table {
        Table::on(self.client(), NAME.to_owned(), TimeDelta::days(RECORD_DAYS))
    }

    /// The client of the SDK, for what only tests do.
    #[must_use]
    pub fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::standard())
            .sleep_impl(SharedAsyncSleep::new(AtOnce))
            .http_client(self.connector.clone().into_client())
            .build();
        Client::from_conf(config)
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Answers a call of any client's.
    pub fn answer(&self, call: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.connector.answer(call)
    }

    /// The operations that were called so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.connector.calls()
    }

    /// Forgets which operations were called.
    pub fn forget_calls(&self) {
        self.connector.forget_calls();
    }

    /// What the calls consumed so far, in capacity units.
    #[must_use]
    pub fn consumed(&self) -> f64 {
        self.connector.consumed()
    }

    /// Makes the next call that is not yet spoken for go wrong.
    pub fn fail_next(&self, fault: Fault) {
        self.connector.fail_next(fault);
    }

    /// Lets the next call be that is not yet spoken for: what is said after this is
    /// about a later one.
    pub fn spare_next(&self) {
        self.connector.spare_next();
    }

    /// Lets all calls be that were spoken for and have not come.
    pub fn spare_all(&self) {
        self.connector.spare_all();
    }

    /// Makes the next call that is not yet spoken for come second, behind somebody
    /// else's operation.
    pub fn come_before_next(&self, operation: &str, input: serde_json::Value) {
        self.connector.come_before_next(operation, input);
    }

    /// Gives clients no more records than these at a time, as DynamoDB does where
    /// records are large.
    pub fn limit_pages(&self, records: u64) {
        self.connector.limit_pages(records);
    }

    /// Runs an update as Step Functions would: by its own words, around the client.
    pub fn run(&self, operation: &str, input: serde_json::Value) -> Result<serde_json::Value, String> {
        self.connector.database().run(operation, input)
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> Vec<Item> {
        self.rows_of(NAME)
    }

    /// All rows of a table that may be another one.
    #[must_use]
    pub fn rows_of(&self, table: &str) -> Vec<Item> {
        self.connector.database().rows(table)
    }
}

/// Keeps the database alive as long as any client of it.
type Shared<T> = Arc<T>;
