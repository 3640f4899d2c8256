use habeas_aws::Aws;
use habeas_domain::StoreError;

use crate::connector::{Connector, Erasure, Lookup, Records};
use crate::{Address, DynamoDb, Key, Lambda, S3, Source};

/// The connectors, one for each kind of store.
#[derive(Debug, Clone)]
pub struct Stores {
    pub dynamodb: DynamoDb,
    pub s3: S3,
    pub lambda: Lambda,
}

impl Stores {
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { dynamodb: DynamoDb::new(aws), s3: S3::new(aws), lambda: Lambda::new(aws) }
    }

    pub(crate) async fn page(
        &self,
        source: &Source,
        lookup: &Lookup<'_>,
        after: Option<&Key>,
    ) -> Result<Records, StoreError> {
        match &source.address {
            Address::DynamoDb(address) => self.dynamodb.page(address, lookup, after).await,
            Address::S3(address) => self.s3.page(address, lookup, after).await,
            Address::Lambda(address) => self.lambda.page(address, lookup, after).await,
        }
    }

    /// How many records one call erases.
    pub(crate) fn erased_at_once(&self, source: &Source) -> usize {
        match &source.address {
            Address::DynamoDb(_) => DynamoDb::ERASED_AT_ONCE,
            Address::S3(_) => S3::ERASED_AT_ONCE,
            Address::Lambda(_) => Lambda::ERASED_AT_ONCE,
        }
    }

    pub(crate) async fn erase(
        &self,
        source: &Source,
        erasure: &Erasure<'_>,
    ) -> Result<Vec<bool>, StoreError> {
        match &source.address {
            Address::DynamoDb(address) => self.dynamodb.erase(address, erasure).await,
            Address::S3(address) => self.s3.erase(address, erasure).await,
            Address::Lambda(address) => self.lambda.erase(address, erasure).await,
        }
    }
}
