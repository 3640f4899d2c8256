use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Chosen, ContentClass, Digest};

/// The terms of AI training that the operator has published. Consents to any
/// other version, or to another text, have lapsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub version: TermsVersion,
    /// Where people read them.
    pub url: String,
    /// Of the text itself, so that nobody can change what was agreed to.
    pub sha256: Digest,
    /// What consent can be given for.
    pub classes: BTreeSet<ContentClass>,
}

/// What names a version of the terms: a date, mostly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TermsVersion(String);

/// The terms that a consent was given to, as the ledger has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreedTerms {
    pub version: TermsVersion,
    pub sha256: Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version has 1 to 64 letters, digits, dots, hyphens and underscores")]
pub struct NotAVersion;

impl TermsVersion {
    pub fn parse(text: &str) -> Result<Self, NotAVersion> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAVersion)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TermsVersion {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, NotAVersion> {
        Self::parse(&text)
    }
}

impl From<TermsVersion> for String {
    fn from(version: TermsVersion) -> Self {
        version.0
    }
}

/// What the operator writes into `ai-terms.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    pub version: TermsVersion,
    pub url: String,
    /// Uses of AI beside the classes that every deployment has.
    #[serde(default)]
    pub uses: Vec<ContentClass>,
}

impl Publication {
    /// The terms, with their text as it was published.
    #[must_use]
    pub fn of_text(self, text: &str) -> Terms {
        let always = ContentClass::ALWAYS.iter().filter_map(|name| ContentClass::parse(name).ok());
        Terms {
            version: self.version,
            url: self.url,
            sha256: Digest::of(text),
            classes: always.chain(self.uses).collect(),
        }
    }
}

impl Terms {
    /// Whether a choice was made on these very terms: the version, and the text.
    #[must_use]
    pub fn are_those(&self, chosen: &Chosen) -> bool {
        chosen.terms.as_ref().is_some_and(|agreed| *agreed == self.agreed())
    }

    #[must_use]
    pub fn agreed(&self) -> AgreedTerms {
        AgreedTerms { version: self.version.clone(), sha256: self.sha256.clone() }
    }
}
