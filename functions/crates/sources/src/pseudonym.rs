use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::item::value_json;

/// Bytes of a pseudonym: too many for two people to share one.
const PSEUDONYM_BYTES: usize = 16;

/// Other names for values (GDPR Art. 4(5)). In an export they are about other
/// people, and the same value has the same one throughout what an archive holds of
/// one person: what is pseudonymised for one person cannot be matched with what is
/// plain for another. In what a deletion masks, it is the same throughout the
/// request. The key is made for one request and goes when it has ended, so that
/// nobody can find out by trial what a pseudonym stands for.
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

    /// The same for the same value, whosever record it stands in.
    #[must_use]
    pub fn throughout(&self, value: &AttributeValue) -> String {
        self.of("", value)
    }

    #[must_use]
    pub fn of(&self, subject: &str, value: &AttributeValue) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return String::new() };
        mac.update(subject.as_bytes());
        mac.update(&[0]);
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
    fn a_pseudonym_is_the_same_for_the_same_person_value_and_key_only() {
        let (one, other) = (Pseudonyms::new([1; 32]), Pseudonyms::new([2; 32]));
        let (bob, ana) = ("bob@amber.example", text("ana@amber.example"));
        assert_eq!(one.of(bob, &ana), one.of(bob, &ana.clone()));
        assert_ne!(one.of(bob, &ana), one.of(bob, &text("cleo@amber.example")));
        assert_ne!(one.of(bob, &ana), one.of("cleo@amber.example", &ana));
        assert_ne!(one.of(bob, &ana), other.of(bob, &ana));
        // A text of digits is not the number.
        assert_ne!(one.of(bob, &text("1")), one.of(bob, &AttributeValue::N("1".to_owned())));
        // A set has no order.
        let set = |names: [&str; 2]| AttributeValue::Ss(names.map(str::to_owned).to_vec());
        assert_eq!(one.of(bob, &set(["a", "b"])), one.of(bob, &set(["b", "a"])));
    }

    #[test]
    fn throughout_a_request_a_value_has_one_pseudonym_that_is_no_single_persons() {
        let pseudonyms = Pseudonyms::new([1; 32]);
        let ana = text("ana@amber.example");
        assert_eq!(pseudonyms.throughout(&ana), pseudonyms.throughout(&ana.clone()));
        assert_ne!(pseudonyms.throughout(&ana), pseudonyms.throughout(&text("bob@amber.example")));
        assert_ne!(pseudonyms.throughout(&ana), pseudonyms.of("ana@amber.example", &ana));
        assert_ne!(pseudonyms.throughout(&ana), Pseudonyms::new([2; 32]).throughout(&ana));
    }

    #[test]
    fn a_pseudonym_is_the_start_of_a_keyed_digest() {
        // printf 'bob@amber.example\0"ana@amber.example"' | openssl dgst -sha256 -mac hmac -macopt hexkey:0101…01
        let expected = "pseudonym-9fefe7fd88e4f570c6dff9ec76f62e68";
        assert_eq!(Pseudonyms::new([1; 32]).of("bob@amber.example", &text("ana@amber.example")), expected);
    }
}
