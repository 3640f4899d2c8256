use std::path::PathBuf;

/// Why the data set could not be written.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error("could not write {}: check that the folder may be written to", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("could not put members into lines of CSV")]
    Csv(#[from] csv::Error),
    #[error("could not put a record into JSON")]
    Json(#[from] serde_json::Error),
}

/// Why it could not be counted what belongs to a person.
#[derive(Debug, thiserror::Error)]
pub enum ExpectedError {
    #[error("could not read {}: name a folder of sample data", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}:{line}: not records of JSON", path.display())]
    Json {
        path: PathBuf,
        line: usize,
        #[source]
        source: serde_json::Error,
    },
    /// In a document that is a list, `line` counts its records.
    #[error("{}:{line}: the row has no {field}", path.display())]
    FieldMissing { path: PathBuf, line: usize, field: &'static str },
}
