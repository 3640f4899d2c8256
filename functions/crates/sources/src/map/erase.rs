use std::collections::BTreeMap;

/// What a deletion does with the records that are the subject's own.
#[derive(Debug, Clone, PartialEq)]
pub enum Erase {
    Delete,
    /// The record stays; fields of it are masked.
    Mask(Mask),
    /// A record that other people have a part in stays, with fields of it masked;
    /// one that nobody else has a part in is deleted. Who has a part in it, the
    /// records of another source say that go `through` this one.
    AnonymiseShared {
        shared_with: String,
        mask: Mask,
    },
    /// The record stays as it is, for a legal reason.
    Retain {
        reason: String,
    },
}

/// What becomes of a record that stays: the fields that are named, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mask {
    pub fields: BTreeMap<String, Masking>,
}

/// What stands in a field afterwards. A field that a record does not have is not
/// made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Masking {
    Remove,
    /// The NULL of DynamoDB, or of JSON.
    Null,
    Constant(String),
    /// The same for the same value, throughout a request.
    Pseudonym,
    /// So many characters of the text, from its start.
    Truncate(u32),
}

impl Erase {
    /// What the data map calls the rule.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Mask(_) => "mask",
            Self::AnonymiseShared { .. } => "anonymise_shared",
            Self::Retain { .. } => "retain",
        }
    }

    /// Why the record stays, where it does.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Retain { reason } => Some(reason),
            Self::Delete | Self::Mask(_) | Self::AnonymiseShared { .. } => None,
        }
    }

    /// How records are masked, where any are.
    #[must_use]
    pub fn mask(&self) -> Option<&Mask> {
        match self {
            Self::Mask(mask) | Self::AnonymiseShared { mask, .. } => Some(mask),
            Self::Delete | Self::Retain { .. } => None,
        }
    }

    /// Whether pseudonyms stand in what a deletion leaves.
    #[must_use]
    pub fn pseudonymises(&self) -> bool {
        self.mask().is_some_and(Mask::has_pseudonyms)
    }
}

impl Mask {
    /// The fields that go altogether.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        let removed = self.fields.iter().filter(|(_, how)| **how == Masking::Remove);
        removed.map(|(field, _)| field.as_str())
    }

    /// The fields that stay, with something else in them.
    pub fn replaced(&self) -> impl Iterator<Item = (&str, &Masking)> {
        let replaced = self.fields.iter().filter(|(_, how)| **how != Masking::Remove);
        replaced.map(|(field, how)| (field.as_str(), how))
    }

    /// Whether a record must be read before it is masked: to see which fields it
    /// has, and what is in them.
    #[must_use]
    pub fn reads_first(&self) -> bool {
        self.replaced().next().is_some()
    }

    #[must_use]
    pub fn has_pseudonyms(&self) -> bool {
        self.fields.values().any(|how| *how == Masking::Pseudonym)
    }
}
