use std::time::SystemTime;

use aws_credential_types::Credentials;
use chrono::TimeDelta;
use habeas_aws::{Aws, Table};
use habeas_domain::{Account, Member};
use habeas_local::{Directory, Stack};
use serde::de::DeserializeOwned;

use crate::Outcome;

/// Puts who is who into Habeas's own directory, as the operator's bulk import does.
pub(crate) async fn directory(stack: &Stack, directory: &Directory) -> Outcome {
    let accounts: Vec<Account> = checked(&directory.accounts)?;
    let members: Vec<Member> = checked(&directory.members)?;
    let state = stack.state();
    let root = Credentials::new("test", "test", None, None, "local");
    let aws = Aws::new(root, state.region.clone(), Some(state.endpoint.clone()));
    let table = Table::new(&aws, state.table.clone(), TimeDelta::zero());
    Ok(table.import(&accounts, &members, SystemTime::now().into()).await?)
}

/// The same rules as for everything that comes from outside.
fn checked<T: DeserializeOwned>(rows: &[impl serde::Serialize]) -> Outcome<Vec<T>> {
    let mut good = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let row = serde_json::to_value(row)?;
        let row = serde_json::from_value(row).map_err(|error| format!("entry {}: {error}", number + 1))?;
        good.push(row);
    }
    Ok(good)
}
