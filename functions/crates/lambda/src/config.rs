use std::env;

use chrono::TimeDelta;
use habeas_aws::{Aws, Table, required};

use crate::StartError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} is not a whole number: {value}")]
pub struct BadVariable {
    name: String,
    value: String,
}

/// Habeas's table, as every function has it.
pub fn table(aws: &Aws) -> Result<Table, StartError> {
    let record = TimeDelta::try_days(number("RECORD_DAYS")?).ok_or("RECORD_DAYS: too many days")?;
    Ok(Table::new(aws, required("TABLE")?, record))
}

/// A whole number from the environment.
pub fn number<T: std::str::FromStr>(name: &str) -> Result<T, StartError> {
    let value = required(name)?;
    value
        .parse()
        .map_err(|_| BadVariable { name: name.to_owned(), value: env::var(name).unwrap_or_default() }.into())
}
