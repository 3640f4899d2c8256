use serde::{Deserialize, Serialize};
use std::fmt;

/// A data subject's address, already normalised by the caller. It goes into
/// archives, and not into logs: it cannot be printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

impl Subject {
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(<redacted>)")
    }
}

impl From<&str> for Subject {
    fn from(address: &str) -> Self {
        Self::new(address)
    }
}

impl From<String> for Subject {
    fn from(address: String) -> Self {
        Self(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_not_printed() {
        assert_eq!(format!("{:?}", Subject::from("ana@amber.example")), "Subject(<redacted>)");
    }
}
