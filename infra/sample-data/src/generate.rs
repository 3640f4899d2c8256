use std::collections::BTreeMap;
use std::path::Path;

use crate::GenerateError;
use crate::account::ACCOUNTS;
use crate::author::Author;
use crate::folder::Folder;
use crate::rows::Tables;
use crate::sessions::{MEETINGS, WEBINARS};
use crate::surveys::Surveys;
use crate::team::Team;
use crate::{backgrounds, boards, chat, sessions, users};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub accounts: usize,
    /// Members of all accounts, with their owners and admins.
    pub people: usize,
    /// JSON Lines file to its rows.
    pub rows: BTreeMap<String, usize>,
    /// Survey answers, in the documents of all months.
    pub answers: usize,
    /// Files of the whiteboards, and backgrounds.
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
    let mut uploads = Vec::new();
    let mut attended = Vec::new();
    let teams: Vec<Team> = ACCOUNTS.iter().map(|account| Team::gather(account, &mut author)).collect();
    for team in &teams {
        attended.push(sessions::hold(&MEETINGS, team, &mut author, &mut tables));
        sessions::hold(&WEBINARS, team, &mut author, &mut tables);
        chat::talk(team, &mut author, &mut tables);
        uploads.extend(boards::draw(team, &mut author, &mut tables)?);
    }
    // By an author of their own, so that what is above stays as it is without them.
    let mut author = Author::new();
    let mut surveys = Surveys::new();
    for (team, attended) in teams.iter().zip(&attended) {
        users::list(team, &mut tables);
        surveys.ask(team, attended, &mut author);
        uploads.extend(backgrounds::paint(team, &mut author));
    }
    let answers = surveys.count();

    let mut folder = Folder::at(into);
    folder.accounts()?;
    folder.members(&teams)?;
    for (stem, rows) in tables.iter() {
        folder.lines(stem, rows)?;
    }
    for (name, rows) in surveys.documents() {
        folder.document(&name, &rows)?;
    }
    for upload in &uploads {
        folder.upload(upload)?;
    }
    Ok(Summary {
        accounts: teams.len(),
        people: teams.iter().map(|team| team.everyone().count()).sum(),
        rows: tables.iter().map(|(stem, rows)| (format!("{stem}.jsonl"), rows.len())).collect(),
        answers,
        files: uploads.len(),
        bytes: folder.bytes(),
    })
}
