use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

use crate::{Layout, LocalError, Result};

/// What there is to know of a stack that is up, stored as `stack.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StackState {
    pub name: String,
    pub pid: u32,
    pub port: u16,
    /// Of the emulator: `http://127.0.0.1:<port>`.
    pub endpoint: String,
    pub region: String,
    /// The base URL of the HTTP API: append `/v1/…`.
    pub api_url: String,
    pub api_id: String,
    pub table: String,
    pub archive_bucket: String,
    pub work_bucket: String,
    pub anchor_bucket: String,
    pub eea_archive_bucket: String,
    pub eea_work_bucket: String,
    pub state_machine_arn: String,
    pub user_pool_id: String,
    pub client_id: String,
    pub bus_name: String,
    pub sender: String,
    /// Every mail sent so far, as JSON.
    pub inbox_url: String,
    /// The emulator's log, which has the functions' output too.
    pub log_file: String,
    /// The name of a function's binary, or of its folder, to the function's name.
    pub functions: BTreeMap<String, String>,
    pub source_tables: Vec<String>,
    pub source_bucket: String,
    /// The password of every user that the stack makes.
    pub password: String,
    /// Of the folder that was loaded last.
    pub accounts: Vec<AccountUsers>,
}

/// An account that was loaded, and people to sign in as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountUsers {
    pub account_id: String,
    pub name: String,
    pub plan: String,
    pub country: String,
    pub owner: Option<String>,
    pub admin: Option<String>,
    pub member: Option<String>,
}

impl AccountUsers {
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        let all = [&self.owner, &self.admin, &self.member];
        all.into_iter().flatten().map(String::as_str)
    }
}

impl StackState {
    /// What was last written down for `layout`, if anything readable.
    pub(crate) fn read(layout: &Layout) -> Option<Self> {
        let text = fs::read(layout.stack_file()).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(crate) fn write(&self, layout: &Layout) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| LocalError::unexpected("write down the stack", error))?;
        let (path, draft) = (layout.stack_file(), layout.state_dir().join("stack.json.new"));
        fs::write(&draft, text).map_err(LocalError::file("write", &draft))?;
        fs::rename(&draft, &path).map_err(LocalError::file("write", &path))
    }
}
