use std::fmt;

use habeas_domain::StoreError;

use crate::Mistake;

/// What is wrong with a data map, for the operator who writes it: everything,
/// in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapError(pub Vec<Mistake>);

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the data map cannot be used:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for MapError {}

/// Why a source did not give, or give up, what it holds. `Display` is shown to
/// people: it names the source and never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("The data source `{source_name}` did not answer.")]
    Unavailable {
        source_name: String,
        #[source]
        cause: StoreError,
    },
    #[error("The data source `{source_name}` gave an answer that does not fit the data map: {what}.")]
    Garbage { source_name: String, what: String },
    #[error(
        "A file in the data source `{source_name}` is larger than {limit_gib} GiB, the most this version exports."
    )]
    TooLarge { source_name: String, limit_gib: u64 },
}

impl SourceError {
    /// A fault of a store as one of the source that lies there.
    pub(crate) fn of(source_name: &str, cause: StoreError) -> Self {
        match cause {
            StoreError::Corrupt(what) => Self::garbage(source_name, what.to_string()),
            cause => Self::Unavailable { source_name: source_name.to_owned(), cause },
        }
    }

    pub(crate) fn garbage(source_name: &str, what: impl Into<String>) -> Self {
        Self::Garbage { source_name: source_name.to_owned(), what: what.into() }
    }
}
