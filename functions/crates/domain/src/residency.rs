use serde::{Deserialize, Serialize};

/// Where the archives and the work data of an account are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Residency {
    /// In the region that Habeas itself runs in.
    #[default]
    Us,
    /// In a region of the European Economic Area.
    Eea,
}

impl Residency {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eea => "eea",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Us, Self::Eea].into_iter().find(|residency| residency.as_str() == text)
    }

    /// As a choice that is on or off: `us` holds until somebody chooses otherwise.
    #[must_use]
    pub fn is_eea(self) -> bool {
        self == Self::Eea
    }

    #[must_use]
    pub fn of_choice(on: bool) -> Self {
        if on { Self::Eea } else { Self::Us }
    }
}
