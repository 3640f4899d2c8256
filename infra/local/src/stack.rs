use std::path::Path;
use std::thread::sleep;

use serde_json::Value;

use crate::canonical::row_json;
use crate::clients::EEA_REGION;
use crate::logs::{FOLLOW_PAUSE, LogReader};
use crate::users::Users;
use crate::{
    Api, Clients, Invocation, Layout, Loaded, LocalError, LogLine, Mail, Progress, Result, Snapshot,
    StackState, Trace, UpOptions, emulator, kill, load, mail, snapshot, traces, up,
};

/// The names of the CloudFormation stacks.
pub(crate) const STACK: &str = "habeas";
pub(crate) const EEA_STACK: &str = "habeas-eea";
pub(crate) const SAMPLE_STACK: &str = "meetings-app";
/// What the sample application's tables are called, before the file's stem.
pub(crate) const TABLE_PREFIX: &str = "meetings-app-";

/// A local stack that is up.
#[derive(Debug, Clone)]
pub struct Stack {
    layout: Layout,
    state: StackState,
    clients: Clients,
}

/// What a `down` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    Stopped,
    WasNotUp,
}

impl Stack {
    /// Starts the emulator if need be, and deploys what is new.
    pub async fn up(options: &UpOptions, progress: &dyn Progress) -> Result<Self> {
        let (state, clients) = up::up(options, progress).await?;
        Ok(Self { layout: options.layout.clone(), state, clients })
    }

    /// The stack `name` of the workspace at `root`, which must be up.
    pub fn open(root: &Path, name: &str) -> Result<Self> {
        Self::open_at(Layout::new(root, name)?)
    }

    /// The stack of this layout, which must be up.
    pub fn open_at(layout: Layout) -> Result<Self> {
        let running = emulator::running(&layout).is_some();
        let state = StackState::read(&layout).filter(|_| running);
        let state = state.ok_or_else(|| LocalError::NotUp { name: layout.name().to_owned() })?;
        Ok(Self { clients: Clients::new(&state.endpoint), layout, state })
    }

    /// Stops the emulator. Its state is kept for the next `up`.
    pub fn down(layout: &Layout) -> Result<Down> {
        Ok(match emulator::stop(layout)? {
            true => Down::Stopped,
            false => Down::WasNotUp,
        })
    }

    /// Stops the emulator and removes everything it held.
    pub fn reset(layout: &Layout) -> Result<Down> {
        let down = Self::down(layout)?;
        let dir = layout.state_dir();
        match std::fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(LocalError::file("remove", &dir)(error))
            }
            _ => Ok(down),
        }
    }

    pub fn state(&self) -> &StackState {
        &self.state
    }

    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The client for a bucket: S3 answers for those of its region only.
    pub fn s3_of(&self, bucket: &str) -> aws_sdk_s3::Client {
        let is_abroad = bucket == self.state.eea_archive_bucket || bucket == self.state.eea_work_bucket;
        match is_abroad {
            true => Clients::in_region(&self.state.endpoint, EEA_REGION).s3,
            false => self.clients.s3.clone(),
        }
    }

    /// Makes someone who can sign in, unless there is one with that address.
    pub async fn ensure_user(&self, email: &str) -> Result<()> {
        self.users().ensure(email).await
    }

    /// An ID token of this person, who is made if need be.
    pub async fn token(&self, email: &str) -> Result<String> {
        self.users().token(email).await
    }

    /// The HTTP API as this person sees it.
    pub async fn api_as(&self, email: &str) -> Result<Api> {
        Ok(self.api(Some(self.token(email).await?)))
    }

    /// The HTTP API for the bearer of this token, or for nobody.
    pub fn api(&self, token: Option<String>) -> Api {
        Api::new(&self.state.api_url, token)
    }

    /// The processes that run a function by now, by the name of its binary: idle
    /// ones, and those at work. Known on Linux only.
    pub fn processes_of(&self, function: &str) -> Result<Vec<u32>> {
        Ok(kill::processes_of(self.state.pid, self.function(function)?))
    }

    /// Kills one of them.
    pub fn kill(&self, pid: u32) {
        kill::end(pid);
    }

    /// Calls a function by the name of its binary.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Invocation> {
        let name = self.function(function)?;
        crate::invoke::invoke(&self.clients.lambda, name, payload).await
    }

    /// Puts a folder of sample data into the sample application, and makes the
    /// users that `StackState::accounts` names.
    ///
    /// Rows that are there already are overwritten, other rows stay.
    pub async fn load(&mut self, dir: &Path, progress: &dyn Progress) -> Result<Loaded> {
        let bucket = &self.state.source_bucket;
        let loaded = load::load(&self.clients, TABLE_PREFIX, bucket, dir, progress).await?;
        self.state.accounts = loaded.directory.users();
        self.state.write(&self.layout)?;
        let accounts = self.state.accounts.iter();
        for email in accounts.flat_map(crate::AccountUsers::emails) {
            self.ensure_user(email).await?;
        }
        Ok(loaded)
    }

    /// Every row of a table as canonical JSON, in no order.
    pub async fn scan_all(&self, table: &str) -> Result<Vec<String>> {
        let rows = snapshot::scan(&self.clients, table).await?;
        rows.iter().map(row_json).collect()
    }

    /// Everything in the sample application's tables and bucket.
    pub async fn snapshot_sources(&self) -> Result<Snapshot> {
        let state = &self.state;
        snapshot::snapshot(&self.clients, &state.source_tables, &state.source_bucket).await
    }

    /// Where any of these texts is, in all that the stack holds: rows, objects in all
    /// their versions and what is compressed in them, open uploads, mails, queues,
    /// executions with their histories, the functions' logs, and who can sign in.
    ///
    /// A text is found in whatever case it is written, and also as JSON, URLs and
    /// HTML write it. Of objects, one at a time is in memory. Blocks now and then.
    pub async fn traces(&self, texts: &[String]) -> Result<Vec<Trace>> {
        traces::traces(self, texts).await
    }

    /// Every mail sent so far, oldest first. Blocks.
    pub fn mails(&self) -> Result<Vec<Mail>> {
        mail::mails(&self.state.endpoint)
    }

    /// Hands on what a function printed, or with `all` every function, and with
    /// `follow` what it prints from now on, until `print` says false. Blocks.
    pub fn logs(&self, function: &str, follow: bool, print: &mut dyn FnMut(&LogLine) -> bool) -> Result<()> {
        let functions = match function {
            "all" => self.state.functions.clone().into_iter().collect(),
            one => vec![(one.to_owned(), self.function(one)?.to_owned())],
        };
        let mut reader = LogReader::new(&self.state.endpoint, functions);
        loop {
            if !reader.read()?.iter().all(&mut *print) || !follow {
                return Ok(());
            }
            sleep(FOLLOW_PAUSE);
        }
    }

    fn function(&self, name: &str) -> Result<&str> {
        let functions = &self.state.functions;
        let found = functions.get(name).map(String::as_str);
        found.ok_or_else(|| LocalError::UnknownFunction {
            name: name.to_owned(),
            known: functions.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    fn users(&self) -> Users<'_> {
        Users { client: &self.clients.cognito, pool: &self.state.user_pool_id, app: &self.state.client_id }
    }
}
