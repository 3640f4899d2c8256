use std::env;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::connections::http_client;

/// A service that is silent for this long is asked again, well within an API
/// function's 15 s.
const ANSWER_SECONDS_MAX: u64 = 4;

/// S3 answers a part copy when all of it is copied.
const COPY_SECONDS_MAX: u64 = 60;

/// The shared configuration of all clients, read once from a function's environment.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    clients: Arc<Clients>,
}

/// Making a client takes half a million instructions and more, so there is one
/// for all who need it, and none where nobody does.
#[derive(Debug, Default)]
struct Clients {
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    step_functions: OnceLock<aws_sdk_sfn::Client>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} is not set")]
pub struct MissingVariable {
    pub name: String,
}

/// An environment variable that the function cannot do without.
pub fn required(name: &str) -> Result<String, MissingVariable> {
    optional(name).ok_or_else(|| MissingVariable { name: name.to_owned() })
}

/// One that may be empty or missing.
#[must_use]
pub fn optional(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

impl Aws {
    /// Reads what Lambda sets: region, credentials, and an endpoint where one stands in for AWS.
    pub fn from_env() -> Result<Self, MissingVariable> {
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            env::var("AWS_SESSION_TOKEN").ok(),
            None,
            "environment",
        );
        Ok(Self::new(credentials, required("AWS_REGION")?, env::var("AWS_ENDPOINT_URL").ok()))
    }

    /// Clients for a region, and for another endpoint than AWS's own where one is given.
    #[must_use]
    pub fn new(credentials: Credentials, region: String, endpoint: Option<String>) -> Self {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client())
            .sleep_impl(TokioSleep::new())
            .timeout_config(timeouts(ANSWER_SECONDS_MAX))
            .time_source(SystemTimeSource::new());
        config.set_endpoint_url(endpoint);
        Self::on(config.build())
    }

    /// Clients of any configuration: tests have one without a network.
    #[must_use]
    pub fn on(config: SdkConfig) -> Self {
        Self { config, clients: Arc::default() }
    }

    /// The same for another region.
    #[must_use]
    pub fn in_region(&self, region: String) -> Self {
        Self::on(self.config.to_builder().region(Region::new(region)).build())
    }

    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.config
    }

    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.clients.dynamodb.get_or_init(|| aws_sdk_dynamodb::Client::new(&self.config)).clone()
    }

    /// An endpoint of our own serves buckets by path: `<bucket>.127.0.0.1` resolves nowhere.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let client = || {
            let config = aws_sdk_s3::config::Builder::from(&self.config)
                .force_path_style(self.config.endpoint_url().is_some())
                .timeout_config(timeouts(COPY_SECONDS_MAX))
                .build();
            aws_sdk_s3::Client::from_conf(config)
        };
        self.clients.s3.get_or_init(client).clone()
    }

    #[must_use]
    pub fn kms(&self) -> aws_sdk_kms::Client {
        self.clients.kms.get_or_init(|| aws_sdk_kms::Client::new(&self.config)).clone()
    }

    #[must_use]
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let config = aws_sdk_sesv2::config::Builder::from(&self.config)
            // A second attempt could be a second mail: whoever claimed the mail decides.
            .retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled())
            .build();
        aws_sdk_sesv2::Client::from_conf(config)
    }

    #[must_use]
    pub fn step_functions(&self) -> aws_sdk_sfn::Client {
        self.clients.step_functions.get_or_init(|| aws_sdk_sfn::Client::new(&self.config)).clone()
    }
}

fn timeouts(answer_seconds: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(answer_seconds))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let error = required("HABEAS_NO_SUCH_VARIABLE").unwrap_err();
        assert_eq!(error.to_string(), "the environment variable HABEAS_NO_SUCH_VARIABLE is not set");
    }
}
