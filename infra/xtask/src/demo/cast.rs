use std::collections::BTreeSet;
use std::path::Path;

use habeas_local::Directory;
use serde_json::Value;

use super::Options;
use crate::Outcome;

/// The people the demo plays with, all of one account.
pub(super) struct Cast {
    pub(super) admin: String,
    pub(super) exported: Vec<String>,
    pub(super) deleted: String,
    pub(super) spared: String,
}

impl Cast {
    pub(super) fn choose(options: &Options, dir: &Path) -> Outcome<Self> {
        let mut cast = match &options.data {
            Some(_) => Self::of_folder(dir)?,
            None => Self::of_generated(),
        };
        if !options.export.is_empty() {
            cast.exported = options.export.iter().map(|address| address.trim().to_lowercase()).collect();
        }
        if let Some(deleted) = &options.delete {
            cast.deleted = deleted.trim().to_lowercase();
        }
        Ok(cast)
    }

    fn of_generated() -> Self {
        let cast = habeas_sample_data::cast();
        Self {
            admin: cast.admin,
            exported: cast.exported.to_vec(),
            deleted: cast.deleted,
            spared: cast.spared,
        }
    }

    /// Of any folder: the first hosts of meetings, a whiteboard's owner, and the
    /// administrator of their account.
    fn of_folder(dir: &Path) -> Outcome<Self> {
        let directory = Directory::read(dir)?;
        let hosts = addresses(dir, "meetings", "host_email")?;
        let first = hosts.first().ok_or("the folder has no meetings")?;
        let member = |address: &str| directory.members.iter().find(|member| member.email == address);
        let account = member(first).ok_or("the first host is no member")?.account_id.clone();
        let in_account = |address: &String| member(address).is_some_and(|m| m.account_id == account);
        let boards = addresses(dir, "whiteboards", "owner_email")?;
        let mut seen = BTreeSet::new();
        // A host and two who draw are exported; the hosts after them are deleted
        // and spared, so that the deletion has something of everything to do.
        let mut people =
            hosts.iter().take(1).chain(boards.iter()).filter(|a| in_account(a) && seen.insert((*a).clone()));
        let exported: Vec<String> = people.by_ref().take(3).cloned().collect();
        let mut others =
            hosts.iter().filter(|a| in_account(a) && !exported.contains(a) && seen.insert((*a).clone()));
        let (Some(deleted), Some(spared)) = (others.next().cloned(), others.next().cloned()) else {
            return Err("the first host's account has fewer than three hosts of meetings".into());
        };
        let admin = directory.members.iter().find(|m| m.account_id == account && m.role == "admin");
        let admin = admin.ok_or("the first host's account has no administrator")?.email.clone();
        Ok(Self { admin, exported, deleted, spared })
    }
}

fn addresses(dir: &Path, stem: &str, field: &str) -> Outcome<Vec<String>> {
    let file = dir.join(format!("{stem}.jsonl"));
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut addresses = Vec::new();
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let row: Value = serde_json::from_str(line)?;
        addresses.extend(row[field].as_str().map(ToOwned::to_owned));
    }
    Ok(addresses)
}
