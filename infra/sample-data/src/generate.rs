use std::collections::BTreeMap;
use std::path::Path;

use crate::GenerateError;
use crate::account::ACCOUNTS;
use crate::author::Author;
use crate::folder::Folder;
use crate::rows::Tables;
use crate::sessions::{MEETINGS, WEBINARS};
use crate::team::Team;
use crate::{boards, chat, sessions};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub accounts: usize,
    /// Members of all accounts, with their owners and admins.
    pub people: usize,
    /// JSON Lines file to its rows.
    pub rows: BTreeMap<String, usize>,
    /// Files of the whiteboards.
    pub files: usize,
    /// Size of everything in the folder.
    pub bytes: u64,
}

/// Writes the data set into a folder, which is created if need be.
///
/// Files of the same names are written over, others are left alone. The bytes
/// are the same each time.
///
/// # Errors
///
/// When the folder or a file in it cannot be written.
pub fn generate(into: &Path) -> Result<Summary, GenerateError> {
    let mut author = Author::new();
    let mut tables = Tables::new();
    let mut drawings = Vec::new();
    let teams: Vec<Team> = ACCOUNTS.iter().map(|account| Team::gather(account, &mut author)).collect();
    for team in &teams {
        sessions::hold(&MEETINGS, team, &mut author, &mut tables);
        sessions::hold(&WEBINARS, team, &mut author, &mut tables);
        chat::talk(team, &mut author, &mut tables);
        drawings.extend(boards::draw(team, &mut author, &mut tables)?);
    }

    let mut folder = Folder::create(into)?;
    folder.accounts()?;
    folder.members(&teams)?;
    for (stem, rows) in tables.iter() {
        folder.lines(stem, rows)?;
    }
    for drawing in &drawings {
        folder.file(&drawing.key, &drawing.bytes)?;
    }
    Ok(Summary {
        accounts: teams.len(),
        people: teams.iter().map(|team| team.everyone().count()).sum(),
        rows: tables.iter().map(|(stem, rows)| (format!("{stem}.jsonl"), rows.len())).collect(),
        files: drawings.len(),
        bytes: folder.bytes(),
    })
}
