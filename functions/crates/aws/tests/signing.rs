//! What KMS is asked, and what is made of its answers.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::{BehaviorVersion, Config, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use habeas_aws::{Macs, Signer};
use habeas_domain::{Digest, ReceiptKey, StoreError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The calls of KMS, with their inputs, and one answer for all of them.
#[derive(Debug, Clone)]
struct Kms {
    calls: Arc<Mutex<Vec<(String, Value)>>>,
    status: u16,
    answer: Value,
}

impl Kms {
    fn answering(status: u16, answer: Value) -> Self {
        Self { calls: Arc::default(), status, answer }
    }

    fn client(&self) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        Client::from_conf(config)
    }

    fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    fn operations(&self) -> Vec<String> {
        self.calls().into_iter().map(|(operation, _)| operation).collect()
    }
}

impl HttpConnector for Kms {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let input = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.calls.lock().unwrap().push((target.rsplit('.').next().unwrap().to_owned(), input));
        let status = StatusCode::try_from(self.status).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.answer.to_string()))))
    }
}

/// As KMS answers both a call to sign and one for the public key.
fn kms() -> Kms {
    let (signature, key) = (STANDARD.encode("a signature"), STANDARD.encode("a public key"));
    Kms::answering(200, json!({"KeyId": "k", "Signature": signature, "PublicKey": key}))
}

#[tokio::test]
async fn a_text_of_any_length_is_signed_by_its_digest() {
    for text in ["", "{}", &"a".repeat(100_000)] {
        let kms = kms();
        let signed = Signer::on(kms.client(), "k".to_owned()).sign(text).await.unwrap();
        let asked = json!({
            "KeyId": "k",
            "Message": STANDARD.encode(Sha256::digest(text)),
            "MessageType": "DIGEST",
            "SigningAlgorithm": "ECDSA_SHA_256",
        });
        assert_eq!(kms.calls()[0], ("Sign".to_owned(), asked));
        assert_eq!((signed.receipt.as_str(), signed.signature), (text, STANDARD.encode("a signature")));
        assert_eq!(signed.key, Digest::of("a public key"));
    }
}

#[tokio::test]
async fn the_public_key_is_asked_for_once() {
    let kms = kms();
    let signer = Signer::on(kms.client(), "k".to_owned());
    let pem = signer.public_key_pem().await.unwrap();
    assert_eq!(signer.public_key_pem().await.unwrap(), pem);
    signer.sign("{}").await.unwrap();
    signer.sign("[]").await.unwrap();
    assert_eq!(kms.operations(), ["GetPublicKey", "Sign", "Sign"]);
}

#[tokio::test]
async fn a_key_for_a_purpose_is_the_mac_of_its_name() {
    let kms = Kms::answering(200, json!({"KeyId": "k", "Mac": STANDARD.encode([7; 32])}));
    let key = Macs::on(kms.client(), "k".to_owned()).key_for("habeas/digests/1").await.unwrap();
    assert_eq!(key, [7; 32]);
    let asked = json!({
        "KeyId": "k",
        "MacAlgorithm": "HMAC_SHA_256",
        "Message": STANDARD.encode("habeas/digests/1"),
    });
    assert_eq!(kms.calls(), [("GenerateMac".to_owned(), asked)]);
}

#[tokio::test]
async fn what_kms_refuses_or_leaves_out_is_unavailable() {
    let refused = Kms::answering(400, json!({"__type": "AccessDeniedException", "message": "no"}));
    let empty = Kms::answering(200, json!({"KeyId": "k", "Mac": STANDARD.encode([7; 31])}));
    for kms in [refused, empty] {
        let signer = Signer::on(kms.client(), "k".to_owned());
        assert!(matches!(signer.sign("{}").await, Err(StoreError::Unavailable(_))));
        assert!(matches!(signer.public_key_pem().await, Err(StoreError::Unavailable(_))));
        let key = Macs::on(kms.client(), "k".to_owned()).key_for("habeas/digests/1").await;
        assert!(matches!(key, Err(StoreError::Unavailable(_))));
    }
}
