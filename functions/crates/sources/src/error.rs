use habeas_domain::StoreError;

/// What is wrong with a data map, for the operator who writes it.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The message names line and column and shows the place.
    #[error("the data map cannot be read:\n{0}")]
    Syntax(String),
    #[error("source `{name}`: {what}")]
    Source { name: String, what: String },
    #[error("the data map has version {0}; this Habeas reads version 1")]
    Version(u32),
}

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
        "A file in the data source `{source_name}` is larger than {limit_mib} MiB, the most this version exports."
    )]
    TooLarge { source_name: String, limit_mib: u64 },
}

impl SourceError {
    pub(crate) fn unavailable(source_name: &str, cause: StoreError) -> Self {
        Self::Unavailable { source_name: source_name.to_owned(), cause }
    }

    pub(crate) fn garbage(source_name: &str, what: impl Into<String>) -> Self {
        Self::Garbage { source_name: source_name.to_owned(), what: what.into() }
    }
}
