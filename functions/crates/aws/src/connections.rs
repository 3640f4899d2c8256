use std::env;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The roots that Amazon's endpoints chain to. Parsing these five instead of
/// the system's whole store is most of what a cold start saves.
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// Where any of these is set, calls may meet certificates of another authority,
/// so the system's trust store is used.
const OTHER_AUTHORITIES: [&str; 4] = ["AWS_ENDPOINT_URL", "HTTPS_PROXY", "https_proxy", "AWS_CA_BUNDLE"];

/// What all clients make their connections with.
pub(crate) fn http_client() -> SharedHttpClient {
    if OTHER_AUTHORITIES.iter().any(|name| env::var_os(name).is_some()) {
        return https(None);
    }
    match amazon_only() {
        Some(context) => SharedHttpClient::new(Untried(https(Some(context)))),
        None => https(None),
    }
}

fn amazon_only() -> Option<TlsContext> {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    TlsContext::builder().with_trust_store(roots).build().ok()
}

/// By the roots of a context, or by those of the system.
fn https(context: Option<TlsContext>) -> SharedHttpClient {
    let builder = Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring));
    match context {
        Some(context) => builder.tls_context(context).build_https(),
        None => builder.build_https(),
    }
}

/// As each of the SDK's clients is made, it has all roots parsed for a connector
/// that nobody uses: that is meant for the system's store, which is kept then.
/// Ours would be parsed again for the first call, so this does without the trial.
#[derive(Debug)]
struct Untried(SharedHttpClient);

impl HttpClient for Untried {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
    use aws_smithy_types::config_bag::ConfigBag;

    use super::*;

    #[test]
    fn the_roots_stand_the_trial_that_starts_do_without() {
        let client = https(Some(amazon_only().unwrap()));
        let (components, config) = (RuntimeComponentsBuilder::new("trial"), ConfigBag::base());
        HttpClient::validate_base_client_config(&client, &components, &config).unwrap();
    }
}
