use std::future::Future;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use habeas_aws::{Aws, unavailable};
use habeas_domain::{Request, StoreError};
use serde_json::json;

/// Tells people about a request.
pub trait Tell {
    /// That it has ended, and how. Telling twice sends one mail.
    fn ended(&self, request: &Request) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The notify function, called without waiting for it.
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
}

impl Tell for Function {
    /// Lambda keeps the event until the function has had it.
    async fn ended(&self, request: &Request) -> Result<(), StoreError> {
        let event = json!({ "mail": "ended", "account": request.account, "request": request.id });
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
