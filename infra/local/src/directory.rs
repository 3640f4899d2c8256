use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{AccountUsers, LocalError, Result};

/// An account of `accounts.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub account_id: String,
    pub name: String,
    pub plan: String,
    pub country: String,
}

/// A line of `members.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub account_id: String,
    pub email: String,
    pub name: String,
    pub role: String,
}

/// Who is who in a folder of sample data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub accounts: Vec<Account>,
    pub members: Vec<Member>,
}

impl Directory {
    /// Reads `accounts.json` and `members.csv` of the folder.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("accounts.json");
        let file = std::fs::read(&path).map_err(LocalError::file("read", &path))?;
        let accounts: Vec<Account> = serde_json::from_slice(&file).map_err(|error| LocalError::Data {
            file: path,
            line: error.line() as u64,
            problem: error.to_string(),
        })?;
        let path = dir.join("members.csv");
        let file = File::open(&path).map_err(LocalError::file("read", &path))?;
        let members = members(&path, file)?;
        Ok(Self { accounts, members })
    }

    /// Of each account the first owner, admin and member, to sign in as.
    pub fn users(&self) -> Vec<AccountUsers> {
        let mut first: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for member in &self.members {
            let key = (member.account_id.as_str(), member.role.as_str());
            first.entry(key).or_insert(&member.email);
        }
        let users = self.accounts.iter().map(|account| {
            let find = |role| {
                let found = first.get(&(account.account_id.as_str(), role));
                found.map(|email| (*email).to_owned())
            };
            AccountUsers {
                account_id: account.account_id.clone(),
                name: account.name.clone(),
                plan: account.plan.clone(),
                country: account.country.clone(),
                owner: find("owner"),
                admin: find("admin"),
                member: find("member"),
            }
        });
        users.collect()
    }
}

fn members(path: &Path, file: impl std::io::Read) -> Result<Vec<Member>> {
    let mut reader = csv::Reader::from_reader(file);
    let rows = reader.deserialize().map(|row| {
        row.map_err(|error: csv::Error| LocalError::Data {
            file: path.to_owned(),
            line: error.position().map_or(0, csv::Position::line),
            problem: error.to_string(),
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_quotes_and_commas_are_read() {
        let text = "account_id,email,name,role\na,x@a.example,\"Y, \"\"[1]|\"\"\",owner\n";
        let found = members(Path::new("members.csv"), text.as_bytes()).unwrap();
        assert_eq!(found[0].name, "Y, \"[1]|\"");
    }

    #[test]
    fn a_line_with_a_field_too_few_is_named() {
        let text = "account_id,email,name,role\na,b,c,owner\na,b,c\n";
        let error = members(Path::new("members.csv"), text.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("members.csv:3:"), "{error}");
    }

    #[test]
    fn the_first_of_each_role_is_a_user() {
        let member = |email: &str, role: &str| Member {
            account_id: "a".into(),
            email: email.into(),
            name: String::new(),
            role: role.into(),
        };
        let directory = Directory {
            accounts: vec![Account {
                account_id: "a".into(),
                name: "A".into(),
                plan: "free".into(),
                country: "DE".into(),
            }],
            members: vec![member("1", "member"), member("2", "admin"), member("3", "member")],
        };
        let users = directory.users();
        let emails: Vec<&str> = users[0].emails().collect();
        assert_eq!(emails, ["2", "1"]);
    }
}
