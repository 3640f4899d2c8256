use std::future::Future;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use habeas_aws::{Aws, unavailable};
use habeas_domain::{Entry, Request, StoreError};
use serde_json::{Value, json};

/// Tells people about a request.
pub trait Tell {
    /// That it has ended, and how. Telling twice sends one mail.
    fn ended(&self, request: &Request) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Tells people about a change of an account's consents.
pub trait TellOfConsent {
    /// What an entry of the ledger says. Telling twice sends one mail each.
    fn entry(&self, entry: &Entry) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Another function, called without waiting for it.
#[derive(Debug, Clone)]
pub struct Function {
    client: Client,
    name: String,
}

impl Function {
    #[must_use]
    pub fn new(aws: &Aws, name: String) -> Self {
        Self { client: Client::new(aws.sdk_config()), name }
    }

    /// One more, called by the same client.
    #[must_use]
    pub fn another(&self, name: String) -> Self {
        Self { client: self.client.clone(), name }
    }

    /// Hands Lambda the event, which keeps it until the function has had it.
    pub async fn send(&self, event: &Value) -> Result<(), StoreError> {
        self.client
            .invoke()
            .function_name(&self.name)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }
}

/// By the notify function.
impl Tell for Function {
    async fn ended(&self, request: &Request) -> Result<(), StoreError> {
        self.send(&json!({ "mail": "ended", "account": request.account, "request": request.id })).await
    }
}

/// By the consent function.
impl TellOfConsent for Function {
    async fn entry(&self, entry: &Entry) -> Result<(), StoreError> {
        self.send(&json!({ "tell": { "account": entry.account, "entry": entry.number } })).await
    }
}
