use habeas_domain::{Account, Member};
use serde::Deserialize;
use serde_json::Value;

/// An account as its file has it, of which every text is still to be checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEntry {
    account_id: String,
    name: String,
    plan: String,
    country: String,
}

/// The account of an entry, or what is wrong with it without repeating it.
pub(super) fn account(entry: Value) -> Result<Account, String> {
    let entry: AccountEntry = serde_json::from_value(entry)
        .map_err(|_| "it must have the texts account_id, name, plan and country, and nothing else")?;
    let AccountEntry { account_id, name, plan, country } = entry;
    Account::read(&account_id, &name, &plan, &country).map_err(|wrong| wrong.to_string())
}

/// The member of a line with these cells, or what is wrong with them.
pub(super) fn member([account, email, name, role]: [&str; 4]) -> Result<Member, String> {
    Member::read(account, email, name, role).map_err(|wrong| wrong.to_string())
}
