use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::item::value_json;

/// Bytes of a pseudonym: too many for two people to share one.
const PSEUDONYM_BYTES: usize = 16;

/// Other names for values about other people (GDPR Art. 4(5)): the same value
/// has the same one throughout an archive. The key is made for one request and
/// goes when it has ended, so that nobody can find out by trial what a
/// pseudonym stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Pseudonyms {
    key: [u8; Self::KEY_BYTES],
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(<secret>)")
    }
}

impl Pseudonyms {
    pub const KEY_BYTES: usize = 32;

    #[must_use]
    pub fn new(key: [u8; Self::KEY_BYTES]) -> Self {
        Self { key }
    }

    #[must_use]
    pub fn of(&self, value: &AttributeValue) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return String::new() };
        mac.update(value_json(value).as_bytes());
        let digest = mac.finalize().into_bytes();
        let digits: String = digest.iter().take(PSEUDONYM_BYTES).map(|byte| format!("{byte:02x}")).collect();
        format!("pseudonym-{digits}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    #[test]
    fn a_pseudonym_is_the_same_for_the_same_value_and_key_only() {
        let (one, other) = (Pseudonyms::new([1; 32]), Pseudonyms::new([2; 32]));
        let ana = text("ana@amber.example");
        assert_eq!(one.of(&ana), one.of(&ana.clone()));
        assert_ne!(one.of(&ana), one.of(&text("bob@amber.example")));
        assert_ne!(one.of(&ana), other.of(&ana));
        // A text of digits is not the number.
        assert_ne!(one.of(&text("1")), one.of(&AttributeValue::N("1".to_owned())));
        assert!(!one.of(&ana).contains("ana"));
    }

    #[test]
    fn a_pseudonym_is_the_start_of_a_keyed_digest() {
        // printf '"ana@amber.example"' | openssl dgst -sha256 -mac hmac -macopt hexkey:0101…01
        let expected = "pseudonym-9818b85e6f04425e9f93ba8d2bebf5cc";
        assert_eq!(Pseudonyms::new([1; 32]).of(&text("ana@amber.example")), expected);
    }
}
