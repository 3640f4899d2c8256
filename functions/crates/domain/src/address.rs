use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest address SMTP can carry (RFC 5321, 4.5.3.1.3, without the angle brackets).
const ADDRESS_BYTES_MAX: usize = 254;

/// An e-mail address: trimmed, lower-cased, and never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Why a text is no address. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    #[error("the address is empty")]
    Empty,
    #[error("the address is longer than {ADDRESS_BYTES_MAX} bytes")]
    TooLong,
    #[error("the address contains white space or a control character")]
    WhiteSpace,
    #[error("the address needs exactly one @ with text on both sides")]
    At,
    #[error("the part after the @ is not a domain name")]
    Domain,
}

impl EmailAddress {
    /// Parses leniently before the `@` (real nicknames carry brackets and pipes)
    /// and strictly after it.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let address = text.trim().to_lowercase();
        if address.is_empty() {
            return Err(NotAnAddress::Empty);
        }
        if address.len() > ADDRESS_BYTES_MAX {
            return Err(NotAnAddress::TooLong);
        }
        if address.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(NotAnAddress::WhiteSpace);
        }
        let (local, domain) = address.split_once('@').ok_or(NotAnAddress::At)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(NotAnAddress::At);
        }
        if !domain.split('.').all(is_domain_label) || !domain.contains('.') {
            return Err(NotAnAddress::Domain);
        }
        Ok(Self(address))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_domain_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(<redacted>)")
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case_and_outer_space() {
        assert_eq!(EmailAddress::parse("  Ana@Amber.Example\r"), EmailAddress::parse("ana@amber.example"));
    }

    #[test]
    fn nicknames_with_brackets_and_pipes_are_addresses() {
        for nick in ["[1].bill", "jim|away", "a{b}c", "über"] {
            assert!(EmailAddress::parse(&format!("{nick}@cedar.example")).is_ok(), "{nick}");
        }
    }

    #[test]
    fn a_text_that_is_no_address_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", NotAnAddress::Empty),
            ("ana", NotAnAddress::At),
            ("@amber.example", NotAnAddress::At),
            ("a@b@c.example", NotAnAddress::At),
            ("a b@amber.example", NotAnAddress::WhiteSpace),
            ("ana@amber", NotAnAddress::Domain),
            ("ana@-amber.example", NotAnAddress::Domain),
            ("ana@amber..example", NotAnAddress::Domain),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn debug_output_never_contains_the_address() {
        let address = EmailAddress::parse("ana@amber.example").unwrap();
        assert!(!format!("{address:?}").contains("ana"));
    }
}
