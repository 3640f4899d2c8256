use std::sync::OnceLock;

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MacAlgorithmSpec, MessageType, SigningAlgorithmSpec};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use habeas_domain::{Digest, ReceiptKey, SignedReceipt, StoreError};
use sha2::{Digest as _, Sha256};

use crate::Aws;
use crate::error::unavailable;

/// How long a line of a key in PEM is (RFC 7468).
const PEM_LINE_CHARS: usize = 64;

/// Bytes of a key that is made of another.
const KEY_BYTES: usize = 32;

/// Signs with a key that never leaves KMS (`ECC_NIST_P256`).
#[derive(Debug, Clone)]
pub struct Signer {
    client: Client,
    key: String,
    /// Of a key of KMS it never changes, so it is asked for once.
    public: OnceLock<PublicKey>,
}

#[derive(Debug, Clone)]
struct PublicKey {
    pem: String,
    digest: Digest,
}

impl Signer {
    #[must_use]
    pub fn new(aws: &Aws, key: String) -> Self {
        Self::on(aws.kms(), key)
    }

    /// Behind any client: tests have one without a network.
    #[must_use]
    pub fn on(client: Client, key: String) -> Self {
        Self { client, key, public: OnceLock::new() }
    }

    /// Signs a text of any length. KMS is given its digest: a message may have 4 KiB.
    pub async fn sign(&self, text: &str) -> Result<SignedReceipt, StoreError> {
        let digest = Sha256::digest(text.as_bytes());
        let signed = self
            .client
            .sign()
            .key_id(&self.key)
            .message_type(MessageType::Digest)
            .message(Blob::new(digest.to_vec()))
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await
            .map_err(unavailable)?;
        let signature = signed.signature.ok_or_else(|| without("a signature"))?;
        Ok(SignedReceipt {
            receipt: text.to_owned(),
            signature: STANDARD.encode(signature),
            key: self.public_key().await?.digest.clone(),
        })
    }

    async fn public_key(&self) -> Result<&PublicKey, StoreError> {
        if let Some(known) = self.public.get() {
            return Ok(known);
        }
        let found = self.client.get_public_key().key_id(&self.key).send().await.map_err(unavailable)?;
        let der = found.public_key.ok_or_else(|| without("a public key"))?.into_inner();
        let key = PublicKey { pem: pem(&der), digest: Digest::of_bytes(&der) };
        Ok(self.public.get_or_init(|| key))
    }
}

impl ReceiptKey for Signer {
    async fn public_key_pem(&self) -> Result<String, StoreError> {
        Ok(self.public_key().await?.pem.clone())
    }
}

/// Makes keys of one that never leaves KMS (`HMAC_256`).
#[derive(Debug, Clone)]
pub struct Macs {
    client: Client,
    key: String,
}

impl Macs {
    #[must_use]
    pub fn new(aws: &Aws, key: String) -> Self {
        Self::on(aws.kms(), key)
    }

    /// Behind any client: tests have one without a network.
    #[must_use]
    pub fn on(client: Client, key: String) -> Self {
        Self { client, key }
    }

    /// The key for a purpose, the same each time. With it any number of digests
    /// is made without another call.
    pub async fn key_for(&self, purpose: &str) -> Result<[u8; KEY_BYTES], StoreError> {
        let made = self
            .client
            .generate_mac()
            .key_id(&self.key)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(purpose))
            .send()
            .await
            .map_err(unavailable)?;
        let mac = made.mac.map(Blob::into_inner).unwrap_or_default();
        mac.try_into().map_err(|_| without("a key of 32 bytes"))
    }
}

fn without(what: &str) -> StoreError {
    StoreError::Unavailable(format!("KMS answered without {what}").into())
}

/// A public key as text (RFC 7468), which every tool reads.
fn pem(der: &[u8]) -> String {
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for line in STANDARD.encode(der).as_bytes().chunks(PEM_LINE_CHARS) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of the curve P-256, by `openssl ecparam -name prime256v1 -genkey`.
    const DER: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004\
                       b34b2d84f47b40ab3ffa9de0d8af1a42355150c998133ebd2a2eeca1ac248887\
                       189fda64bd6914eed5f2e4c7d1055114567bdbdd40dce7cc265d80d3a18cc1b4";

    /// The same by `openssl ec -pubout`.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs0sthPR7QKs/+p3g2K8aQjVRUMmY
Ez69Ki7soawkiIcYn9pkvWkU7tXy5MfRBVEUVnvb3UDc58wmXYDToYzBtA==
-----END PUBLIC KEY-----
";

    #[test]
    fn a_public_key_is_the_text_that_openssl_writes() {
        let byte = |at: usize| u8::from_str_radix(&DER[at..at + 2], 16).unwrap();
        let der: Vec<u8> = (0..DER.len()).step_by(2).map(byte).collect();
        assert_eq!(pem(&der), PEM);
    }

    #[test]
    fn a_line_that_is_just_full_is_followed_by_no_empty_one() {
        let full = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", "A".repeat(64));
        assert_eq!(pem(&[0; 48]), full);
    }
}
