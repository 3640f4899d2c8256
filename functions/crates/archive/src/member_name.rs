use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A member's path inside the archive: relative, `/` between its components,
/// and nothing that leads out of the folder it is unpacked to.
///
/// Checked when made and again when read back from an index, so the central
/// directory never has to doubt one. It contains the subject's address and is
/// therefore not printed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MemberName(String);

/// Why a name was refused. It does not repeat the name, which is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error("the member's name is empty or has an empty component")]
    Empty,
    #[error("the member's name has {bytes} bytes, more than ZIP's 65535")]
    TooLong { bytes: usize },
    #[error("the member's name leads out of the archive")]
    Escapes,
    #[error("the member's name has a control character, a backslash or a colon")]
    Unsafe,
}

impl MemberName {
    pub fn new(name: impl Into<String>) -> Result<Self, BadName> {
        let name = name.into();
        if name.len() > usize::from(u16::MAX) {
            return Err(BadName::TooLong { bytes: name.len() });
        }
        // Packaging reads every name again, so the usual ones are looked at by bytes.
        let is_unsafe = |byte: u8| byte.is_ascii_control() || matches!(byte, b'\\' | b':');
        if name.bytes().any(is_unsafe) || !name.is_ascii() && name.chars().any(char::is_control) {
            return Err(BadName::Unsafe);
        }
        for component in name.as_bytes().split(|byte| *byte == b'/') {
            match component {
                b"" => return Err(BadName::Empty),
                b"." | b".." => return Err(BadName::Escapes),
                _ => {}
            }
        }
        Ok(Self(name))
    }

    /// The same for names that a file system without regard to case takes for one.
    pub(crate) fn folded(&self) -> String {
        if self.0.is_ascii() { self.0.to_ascii_lowercase() } else { self.0.to_lowercase() }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn stem(&self) -> &str {
        self.0.strip_suffix(".jsonl").unwrap_or(&self.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The order people read in: `chat.jsonl` stands before `chat.0002.jsonl`.
impl Ord for MemberName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.stem().cmp(other.stem()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for MemberName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberName(<redacted>)")
    }
}

impl TryFrom<String> for MemberName {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, BadName> {
        Self::new(name)
    }
}

impl From<MemberName> for String {
    fn from(name: MemberName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert_eq!(MemberName::new(""), Err(BadName::Empty));
        assert_eq!(MemberName::new("/etc/passwd"), Err(BadName::Empty));
        assert_eq!(MemberName::new("a//b"), Err(BadName::Empty));
        assert_eq!(MemberName::new("a/"), Err(BadName::Empty));
        assert_eq!(MemberName::new("a/../b"), Err(BadName::Escapes));
        assert_eq!(MemberName::new("C:x"), Err(BadName::Unsafe));
        assert_eq!(MemberName::new("a\\b"), Err(BadName::Unsafe));
        assert_eq!(MemberName::new("a\nb"), Err(BadName::Unsafe));
        assert_eq!(MemberName::new("a\u{7f}"), Err(BadName::Unsafe));
        assert_eq!(MemberName::new("a\u{85}ü"), Err(BadName::Unsafe));
        assert!(MemberName::new("ünïcode").is_ok());
        assert!(MemberName::new("subjects/ana@amber.example/chat/a.jsonl").is_ok());
    }

    #[test]
    fn a_name_longer_than_zip_can_say_is_refused() {
        assert!(MemberName::new("x".repeat(65_535)).is_ok());
        assert_eq!(MemberName::new("x".repeat(65_536)), Err(BadName::TooLong { bytes: 65_536 }));
    }

    #[test]
    fn a_bad_name_in_an_index_is_refused_too() {
        assert!(serde_json::from_str::<MemberName>("\"../x\"").is_err());
    }

    #[test]
    fn numbered_members_follow_the_first() -> Result<(), BadName> {
        let names = ["c.jsonl", "c.0002.jsonl", "c.0003.jsonl", "d.jsonl"];
        let names = names.map(MemberName::new);
        assert!(names.is_sorted_by(|one, two| matches!((one, two), (Ok(a), Ok(b)) if a < b)));
        assert!(MemberName::new("x")? < MemberName::new("x.jsonl")?);
        Ok(())
    }

    #[test]
    fn a_name_is_not_printed() {
        let printed = format!("{:?}", MemberName::new("subjects/ana@amber.example"));
        assert!(!printed.contains("ana"));
    }
}
