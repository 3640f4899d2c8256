use serde::{Deserialize, Serialize};

use crate::Digest;

/// A receipt as it was signed: its exact text, so that the signature can be
/// checked with any tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReceipt {
    pub receipt: String,
    /// The DER form of the signature, in base64.
    pub signature: String,
    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER).
    pub key: Digest,
}

impl SignedReceipt {
    /// How the text is signed, in the words of KMS: ECDSA over its SHA-256.
    pub const ALGORITHM: &str = "ECDSA_SHA_256";
}
