use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::GenerateError;
use crate::account::ACCOUNTS;
use crate::rows::Row;
use crate::team::{Person, Team};

/// The folder that is written.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    bytes: u64,
}

#[derive(Serialize)]
struct AccountLine {
    account_id: &'static str,
    name: &'static str,
    plan: &'static str,
    country: &'static str,
}

#[derive(Serialize)]
struct MemberLine<'a> {
    account_id: &'static str,
    email: &'a str,
    name: &'a str,
    role: &'static str,
}

impl Folder {
    pub(crate) fn create(path: &Path) -> Result<Self, GenerateError> {
        let boards = path.join("whiteboards");
        fs::create_dir_all(&boards).map_err(|source| GenerateError::Write { path: boards, source })?;
        Ok(Self { path: path.to_owned(), bytes: 0 })
    }

    pub(crate) fn accounts(&mut self) -> Result<(), GenerateError> {
        let lines = ACCOUNTS.each_ref().map(|account| AccountLine {
            account_id: account.id,
            name: account.name,
            plan: account.plan,
            country: account.country,
        });
        self.file("accounts.json", &serde_json::to_vec_pretty(&lines)?)
    }

    /// In the order of accounts, and of addresses within them.
    pub(crate) fn members(&mut self, teams: &[Team]) -> Result<(), GenerateError> {
        let mut text = Vec::new();
        let mut writer = csv::Writer::from_writer(&mut text);
        for team in teams {
            let mut people: Vec<&Person> = team.everyone().collect();
            people.sort_by_key(|person| &person.email);
            for person in people {
                writer.serialize(MemberLine {
                    account_id: team.account.id,
                    email: &person.email,
                    name: &person.name,
                    role: person.role,
                })?;
            }
        }
        writer.flush().map_err(csv::Error::from)?;
        drop(writer);
        self.file("members.csv", &text)
    }

    pub(crate) fn lines(&mut self, stem: &str, rows: &[Row]) -> Result<(), GenerateError> {
        let mut text = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut text, row)?;
            text.push(b'\n');
        }
        self.file(&format!("{stem}.jsonl"), &text)
    }

    pub(crate) fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), GenerateError> {
        let path = self.path.join(name);
        fs::write(&path, bytes).map_err(|source| GenerateError::Write { path, source })?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
