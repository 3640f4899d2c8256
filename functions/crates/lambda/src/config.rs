use std::env;

use habeas_aws::required;

use crate::StartError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} is not a whole number: {value}")]
pub struct BadVariable {
    name: String,
    value: String,
}

/// A whole number from the environment.
pub fn number<T: std::str::FromStr>(name: &str) -> Result<T, StartError> {
    let value = required(name)?;
    value
        .parse()
        .map_err(|_| BadVariable { name: name.to_owned(), value: env::var(name).unwrap_or_default() }.into())
}
