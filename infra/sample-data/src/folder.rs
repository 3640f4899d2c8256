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

/// A file that somebody uploaded.
#[derive(Debug)]
pub(crate) struct Upload {
    /// Its place in the folder, and its key in the bucket.
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
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
    /// A folder and those within it are made with the first file that lies there.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), bytes: 0 }
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

    /// One document that is a list, with a record on each line.
    pub(crate) fn document(&mut self, name: &str, rows: &[Row]) -> Result<(), GenerateError> {
        let lines = rows.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        self.file(name, format!("[\n{}\n]\n", lines.join(",\n")).as_bytes())
    }

    pub(crate) fn upload(&mut self, upload: &Upload) -> Result<(), GenerateError> {
        self.file(&upload.key, &upload.bytes)
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), GenerateError> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .map_err(|source| GenerateError::Write { path: folder.to_owned(), source })?;
        }
        fs::write(&path, bytes).map_err(|source| GenerateError::Write { path, source })?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
