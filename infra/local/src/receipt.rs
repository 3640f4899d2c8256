use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use crate::{LocalError, Result};

/// A public key of P-256 in DER (RFC 5480): what stands before the point says
/// only which curve it is of.
const POINT_BYTES: usize = 65;

/// The receipt of a deletion, as the API gives it.
#[derive(Debug, Clone, Deserialize)]
pub struct Receipt {
    /// The text that was signed.
    #[serde(rename = "receipt")]
    pub text: String,
    /// Base64 of the signature in DER.
    pub signature: String,
}

impl Receipt {
    /// The signature in DER, as `openssl` wants it.
    pub fn signature_bytes(&self) -> Result<Vec<u8>> {
        let bad = |error| LocalError::unexpected("read a signature", error);
        STANDARD.decode(&self.signature).map_err(bad)
    }

    /// What the receipt says.
    pub fn content(&self) -> Result<Value> {
        serde_json::from_str(&self.text).map_err(|error| LocalError::unexpected("read the receipt", error))
    }

    /// Whether the text was signed by the owner of a public key, in PEM.
    pub fn is_signed_by(&self, pem: &str) -> Result<bool> {
        let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let bad = |error| LocalError::unexpected("read a key", error);
        let key = STANDARD.decode(base64).map_err(bad)?;
        let signature = self.signature_bytes()?;
        let point = key.get(key.len().saturating_sub(POINT_BYTES)..).unwrap_or_default();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        Ok(key.verify(self.text.as_bytes(), &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `openssl ecparam -name prime256v1 -genkey`.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0N4BRk2XLIe0w1G0Lc8sGuqVXx0E
p2NCXQxM31VBPJ+x9psESALGFthaFcT2+cNtdumInfqZkc02BcNYcg2MfA==
-----END PUBLIC KEY-----
";

    fn receipt() -> Receipt {
        // By `openssl dgst -sha256 -sign`.
        Receipt { text: r#"{"request":"1"}"#.to_owned(), signature: "MEUCIQDtLe7KWhAdJufPY8dYDeEkHHFeRuiQz1y+tQfy6arMHQIgGRyFdRkiYH2L1YlJMLF4hlMi4YoIH4lEIv4yL5yNjjI=".to_owned() }
    }

    #[test]
    fn a_signature_of_openssl_verifies_and_that_of_another_text_does_not() {
        assert!(receipt().is_signed_by(PEM).unwrap());
        let other = Receipt { text: r#"{"request":"2"}"#.to_owned(), ..receipt() };
        assert!(!other.is_signed_by(PEM).unwrap());
        assert!(receipt().is_signed_by("-----BEGIN PUBLIC KEY-----\n?\n").is_err());
    }
}
