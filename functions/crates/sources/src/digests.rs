use std::fmt;

use habeas_domain::{Digest, EmailAddress};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Found, Shown, Source, to_json};

/// Keyed digests of people and records, for what proves and must not tell:
/// without the key nobody finds out by trial whom or what one stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Digests {
    key: [u8; Self::KEY_BYTES],
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digests(<secret>)")
    }
}

impl Digests {
    pub const KEY_BYTES: usize = 32;

    #[must_use]
    pub fn new(key: [u8; Self::KEY_BYTES]) -> Self {
        Self { key }
    }

    #[must_use]
    pub fn person(&self, email: &EmailAddress) -> Digest {
        self.text(email.as_str())
    }

    /// Of a record as it was found: the source's name, the key and all fields, a
    /// line each. Whoever has the record from elsewhere, and the key, comes to the
    /// same. A file is named by its key: to read it only to prove that it was there
    /// would cost as much as an export.
    #[must_use]
    pub fn of(&self, source: &Source, found: &Found) -> Digest {
        match found {
            Found::Record { key, item, .. } => {
                let key = serde_json::to_string(key).unwrap_or_default();
                let item = to_json(item, |_, _| Shown::AsItIs);
                self.text(&format!("{}\n{key}\n{item}", source.name))
            }
            Found::File { file, .. } => self.text(&format!("{}\n{}", source.name, file.key)),
        }
    }

    fn text(&self, text: &str) -> Digest {
        // A key of any length is a key for HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return Digest::default() };
        mac.update(text.as_bytes());
        Digest::new(&mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_digest_is_the_one_that_openssl_computes() {
        // printf ana@amber.example | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101…01
        let digest = Digests::new([1; 32]).person(&EmailAddress::parse("ana@amber.example").unwrap());
        assert_eq!(digest.as_str(), "f54ccf097ef550df56f49779f706d558ee6f610a4e66f5d279c2a00dcde1b299");
    }
}
