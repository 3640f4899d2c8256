//! The services that the workflow's tasks call, in the process of a test: the real
//! clients, and behind them twins that live in memory.
//!
//! Every call is counted, and any of them can go wrong before or after it is done,
//! alone or with all that come behind it, as where the function has died.
//! For tests only.
#![expect(clippy::expect_used, clippy::panic, reason = "a call that no twin knows is a broken test")]

mod connector;
mod functions;
mod kms;
mod s3;
mod ses;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use chrono::TimeDelta;
use habeas_aws::{Aws, Bucket, Buckets, Table};
use habeas_local_table::{AtOnce, LocalTable, RECORD_DAYS};
use serde_json::Value;

pub use connector::Strike;
use connector::{Connector, Twins};
pub use s3::{Object, OpenUpload};

/// Services of one AWS account. Clones share them.
#[derive(Debug, Clone)]
pub struct LocalAws {
    connector: Connector,
}

impl Default for LocalAws {
    fn default() -> Self {
        Self::new()
    }
}

impl LocalAws {
    #[must_use]
    pub fn new() -> Self {
        Self { connector: Connector::new(Twins::default()) }
    }

    /// The clients as functions have them.
    #[must_use]
    pub fn aws(&self) -> Aws {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url("http://local")
            .http_client(self.connector.clone().into_client())
            .retry_config(RetryConfig::standard())
            .sleep_impl(SharedAsyncSleep::new(AtOnce))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            // Nothing stalls here, and a clock that never waits would take it for that.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Aws::on(config)
    }

    /// Habeas's table, and room for those of a product beside it.
    #[must_use]
    pub fn table(&self) -> &LocalTable {
        &self.connector.twins().table
    }

    /// Habeas's table by clients of this account, whose calls are counted.
    #[must_use]
    pub fn table_of(&self, aws: &Aws) -> Table {
        Table::new(aws, self.table().name().to_owned(), TimeDelta::days(RECORD_DAYS))
    }

    /// Makes a bucket, and gives it for a purpose of Habeas's.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Buckets {
        self.connector.twins().s3.create(name, false);
        Buckets::only(Bucket::new(&self.aws(), name.to_owned()))
    }

    /// Makes a bucket of a product's, which keeps old versions.
    pub fn create_versioned(&self, bucket: &str) {
        self.connector.twins().s3.create(bucket, true);
    }

    /// Puts an object into a bucket, around the client.
    pub fn put(&self, bucket: &str, key: &str, content: &[u8]) {
        self.connector.twins().s3.put(bucket, key, content.to_vec());
    }

    /// Takes an object out of a bucket, around the client.
    pub fn remove(&self, bucket: &str, key: &str) {
        self.connector.twins().s3.remove(bucket, key);
    }

    /// Deletes an object of a bucket that keeps old versions, around the client: a
    /// marker stands before them.
    pub fn mark_deleted(&self, bucket: &str, key: &str) {
        self.connector.twins().s3.mark_deleted(bucket, key);
    }

    /// What the objects hold whose keys begin so, in order of key.
    #[must_use]
    pub fn contents(&self, bucket: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let objects = self.objects(bucket).into_iter().filter(|object| object.key.starts_with(prefix));
        objects.filter_map(|object| Some((object.key, object.content?))).collect()
    }

    /// Every version of every object, and every marker of a deletion.
    #[must_use]
    pub fn objects(&self, bucket: &str) -> Vec<Object> {
        self.connector.twins().s3.objects(bucket)
    }

    #[must_use]
    pub fn open_uploads(&self, bucket: &str) -> Vec<OpenUpload> {
        self.connector.twins().s3.open_uploads(bucket)
    }

    /// Makes a function of the operator's. One that answers with an `errorMessage`
    /// has ended with an error.
    pub fn create_function(&self, name: &str, function: impl Fn(&Value) -> Value + Send + Sync + 'static) {
        self.connector.twins().functions.create(name, Arc::new(function));
    }

    /// The mails that were taken, as SES was given them.
    #[must_use]
    pub fn mails(&self) -> Vec<Value> {
        self.connector.twins().ses.mails()
    }

    /// The calls that came so far, by service and operation.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.connector.calls()
    }

    /// How often each operation was called since this was last asked.
    #[must_use]
    pub fn count_calls(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.connector.take_calls() {
            *counts.entry(call).or_default() += 1;
        }
        counts
    }

    /// Forgets which calls came.
    pub fn forget_calls(&self) {
        drop(self.connector.take_calls());
        self.table().forget_calls();
    }

    /// Gives clients no more records, or versions of objects, than these at a time.
    pub fn limit_pages(&self, records: u32) {
        self.table().limit_pages(records.into());
        self.connector.twins().s3.limit_pages(records as usize);
    }

    /// Makes one of the calls that are to come go wrong.
    pub fn strike(&self, strike: Strike) {
        self.connector.strike(strike);
    }

    /// Lets somebody else do something right before a call, when so many others
    /// have come. It must not call by a client itself.
    pub fn visit_before(&self, after: usize, visit: impl FnOnce() + Send + 'static) {
        self.connector.visit_before(after, Box::new(visit));
    }

    /// Lets all calls be that are still to come.
    pub fn spare_all(&self) {
        self.connector.spare_all();
    }

    /// Ends what a deadly strike began: another function starts. Says whether one died.
    pub fn revive(&self) -> bool {
        self.connector.revive()
    }
}
