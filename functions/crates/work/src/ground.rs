use std::env;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::{Aws, Buckets, Table, WorkKeys, required};
use habeas_domain::{AccountId, Digest, Request, RequestId, Requests};
use habeas_lambda::{StartError, TaskError, names, table};
use habeas_sources::{DataMap, LinkedId, Source, SourceError, Stores, Subject};

use crate::{Folder, UnitTask};

/// Signs of life need not be closer than this: a short request gives none.
const SIGNS_APART: TimeDelta = TimeDelta::minutes(10);

/// What every task that works on a request's data starts from.
#[derive(Debug, Clone)]
pub struct Ground {
    pub table: Table,
    pub work: Buckets,
    pub map: DataMap,
    /// Of the map's text.
    pub map_digest: Digest,
    pub stores: Stores,
}

impl Ground {
    pub fn from_env(aws: &Aws) -> Result<Self, StartError> {
        let text = map_text()?;
        Ok(Self {
            table: table(aws)?,
            work: Buckets::from_env(aws, "WORK_BUCKET")?,
            map: parse_map(&text)?,
            map_digest: Digest::of(&text),
            stores: Stores::new(aws),
        })
    }

    /// The request a task is about. The machine only names requests that exist.
    pub async fn request(&self, account: &AccountId, id: RequestId) -> Result<Request, TaskError> {
        let found = self.table.get(account, id).await?;
        found.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The request is gone."))
    }

    /// The request a task is about, after saying that the task is at work: what
    /// gives no sign of life for an hour is taken for stuck.
    pub async fn request_at_work(
        &self,
        account: &AccountId,
        id: RequestId,
        now: DateTime<Utc>,
    ) -> Result<Request, TaskError> {
        let request = self.request(account, id).await?;
        let heard = request.alive_at.max(request.timeline.last().map(|event| event.at));
        if heard.is_none_or(|heard| heard + SIGNS_APART < now) {
            self.table.note_alive(&request, now).await?;
        }
        Ok(request)
    }

    /// A source that the plan names.
    pub fn source(&self, name: &str) -> Result<&Source, TaskError> {
        self.map.source(name).ok_or_else(|| {
            TaskError::new(
                names::INCOMPLETE,
                format!("The data source `{name}` left the data map meanwhile."),
            )
        })
    }

    /// Where the work data of a request are.
    pub fn folder(&self, request: &Request) -> Result<Folder, TaskError> {
        let bucket = self.work.of(request.kept_in())?.clone();
        Ok(Folder { bucket, keys: WorkKeys::new(request.id) })
    }
}

/// The people of a request, with all that stands for them in the sources.
#[derive(Debug)]
pub struct People<'a> {
    request: &'a Request,
    /// In the order of the request; empty where the map has no rules for it.
    ids: Vec<Vec<LinkedId>>,
}

impl<'a> People<'a> {
    /// As the plan has found them.
    pub async fn of(ground: &Ground, folder: &Folder, request: &'a Request) -> Result<Self, TaskError> {
        let has_rules = !ground.map.identities.is_empty();
        let ids = if has_rules { folder.identities().await? } else { Vec::new() };
        Ok(Self { request, ids })
    }

    /// Whom a task is about, and which of their records.
    pub fn subject(&self, task: &UnitTask) -> Result<Subject, TaskError> {
        let subject = self.numbered(task.subject);
        subject.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The plan does not fit the request."))
    }

    /// All people of the request, in its order.
    #[must_use]
    pub fn all(&self) -> Vec<Subject> {
        (0..self.request.subjects.len()).filter_map(|number| self.numbered(number)).collect()
    }

    fn numbered(&self, number: usize) -> Option<Subject> {
        let email = self.request.subjects.get(number)?;
        let Request { account, date_range, .. } = self.request;
        let ids = self.ids.get(number).cloned().unwrap_or_default();
        Some(Subject { ids, ..Subject::new(email.clone(), account.clone(), *date_range) })
    }

    /// What stands for each person besides the address.
    #[must_use]
    pub fn ids(&self) -> &[Vec<LinkedId>] {
        &self.ids
    }
}

/// Reads the data map that lies beside the function's binary.
pub fn load_map() -> Result<DataMap, StartError> {
    parse_map(&map_text()?)
}

fn map_text() -> Result<String, StartError> {
    let folder = env::var_os("LAMBDA_TASK_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let file = folder.join("data-map.toml");
    Ok(std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?)
}

fn parse_map(text: &str) -> Result<DataMap, StartError> {
    Ok(DataMap::parse(text, &required("AWS_ACCOUNT")?, &required("AWS_REGION")?)?)
}

/// A fault of a source as the machine is told of it: transient ones are tried again.
#[must_use]
pub fn source_error(error: SourceError) -> TaskError {
    let message = error.to_string();
    match error {
        SourceError::Unavailable { cause, .. } => {
            TaskError::new(names::SOURCE_UNAVAILABLE, message).because(cause)
        }
        SourceError::Garbage { .. } | SourceError::TooLarge { .. } => {
            TaskError::new(names::SOURCE_UNREADABLE, message)
        }
    }
}
