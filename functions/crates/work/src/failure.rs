use std::collections::BTreeMap;

use habeas_lambda::{TaskError, names};
use serde::{Deserialize, Serialize};

/// Longer reasons than these end with how many there are besides.
const REASONS_MAX: usize = 10;

/// Why a source could not be read for a person, in words for people: a source
/// that fails neither hides what others hold nor loses its own reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The person's position in the request.
    pub subject: usize,
    pub source: String,
    pub reason: String,
}

impl Failure {
    /// What the request fails with, if anything of it has failed: every reason
    /// once, with how many people it was about.
    pub fn all_of(failures: &[Self]) -> Result<(), TaskError> {
        let mut people: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for failure in failures {
            *people.entry((&failure.source, &failure.reason)).or_default() += 1;
        }
        if people.is_empty() {
            return Ok(());
        }
        let mut reasons: Vec<_> = people
            .iter()
            .take(REASONS_MAX)
            .map(|((_, reason), people)| match people {
                1 => (*reason).to_owned(),
                people => format!("{reason} (This was so {people} times.)"),
            })
            .collect();
        if people.len() > REASONS_MAX {
            reasons.push(format!("There are {} more reasons.", people.len() - REASONS_MAX));
        }
        Err(TaskError::new(names::SOURCE_FAILED, reasons.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(subject: usize, source: &str) -> Failure {
        let reason = format!("The data source `{source}` did not answer.");
        Failure { subject, source: source.to_owned(), reason }
    }

    #[test]
    fn every_source_keeps_its_reason() {
        let failures = [failure(0, "chat"), failure(0, "boards"), failure(1, "chat")];
        let error = Failure::all_of(&failures).unwrap_err();
        assert_eq!(
            error.to_string(),
            "The data source `boards` did not answer. The data source `chat` did not answer. \
             (This was so 2 times.)"
        );
        assert!(Failure::all_of(&[]).is_ok());
    }

    #[test]
    fn more_reasons_than_anybody_reads_are_counted() {
        let failures: Vec<_> = (10..25).map(|number| failure(0, &format!("s{number}"))).collect();
        let error = Failure::all_of(&failures).unwrap_err().to_string();
        assert!(error.contains("`s19`") && !error.contains("`s20`"), "{error}");
        assert!(error.ends_with("There are 5 more reasons."), "{error}");
    }
}
