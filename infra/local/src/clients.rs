use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::time::Duration;

/// The region that everything is in, and that of the buckets in the EEA.
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const EEA_REGION: &str = "eu-central-1";
/// The emulator's root key, public knowledge and good for nothing else.
pub(crate) const ROOT_KEY: &str = "test";
/// Longer than any single call of ours takes on a busy machine.
const CALL_SECONDS_MAX: u64 = 120;

/// The SDK's clients of one stack, with the root key.
#[derive(Debug, Clone)]
pub struct Clients {
    pub config: SdkConfig,
    pub cloudformation: aws_sdk_cloudformation::Client,
    pub cognito: aws_sdk_cognitoidentityprovider::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub s3: aws_sdk_s3::Client,
    pub ses: aws_sdk_sesv2::Client,
    pub sfn: aws_sdk_sfn::Client,
}

impl Clients {
    /// Clients of the emulator at `endpoint`, which speaks plain HTTP.
    pub fn new(endpoint: &str) -> Self {
        Self::in_region(endpoint, REGION)
    }

    pub(crate) fn in_region(endpoint: &str, region: &'static str) -> Self {
        let config = config(endpoint, region);
        // Buckets in the path: names of hosts below localhost do not resolve everywhere.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Self {
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            cognito: aws_sdk_cognitoidentityprovider::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            ses: aws_sdk_sesv2::Client::new(&config),
            sfn: aws_sdk_sfn::Client::new(&config),
            config,
        }
    }
}

pub(crate) fn root_credentials() -> Credentials {
    Credentials::from_keys(ROOT_KEY, ROOT_KEY, None)
}

fn config(endpoint: &str, region: &'static str) -> SdkConfig {
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(CALL_SECONDS_MAX)).build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static(region))
        .credentials_provider(SharedCredentialsProvider::new(root_credentials()))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .build()
}
