use std::path::Path;

use habeas_local::Directory;
use habeas_sample_data::cast;

use crate::Outcome;

/// Whom the requests are about, all of one account and nobody in two of them.
pub(super) struct People {
    pub(super) admin: String,
    pub(super) warming_up: Vec<String>,
    /// One who has something of everything, as has `deleted`.
    pub(super) exported: Vec<String>,
    pub(super) deleted: Vec<String>,
    pub(super) many_exported: Vec<String>,
    pub(super) many_deleted: Vec<String>,
}

impl People {
    /// Chooses among the generated data, with `many` people in the large requests.
    pub(super) fn choose(dir: &Path, many: usize) -> Outcome<Self> {
        let (cast, directory) = (cast(), Directory::read(dir)?);
        let admin = directory.members.iter().find(|member| member.email == cast.admin);
        let account = &admin.ok_or("the generated data have no administrator")?.account_id;
        let parts: Vec<&String> =
            cast.exported.iter().chain([&cast.deleted, &cast.spared, &cast.member]).collect();
        let mut others: Vec<String> = directory
            .members
            .iter()
            .filter(|member| member.account_id == *account && member.role == "member")
            .filter(|member| !parts.contains(&&member.email))
            .map(|member| member.email.clone())
            .collect();
        if others.len() < 2 * many {
            return Err(format!("the account has {} members besides the cast", others.len()).into());
        }
        Ok(Self {
            many_deleted: others.split_off(others.len() - many),
            many_exported: others.drain(..many).collect(),
            admin: cast.admin,
            warming_up: vec![cast.member],
            exported: vec![cast.spared],
            deleted: vec![cast.deleted],
        })
    }
}
