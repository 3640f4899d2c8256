use std::env;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::{Aws, Buckets, Table, WorkKeys, required};
use habeas_domain::{AccountId, Request, RequestId, Requests};
use habeas_lambda::{StartError, TaskError, names, table};
use habeas_sources::{DataMap, DynamoDb, S3, Source, SourceError, Stores, Subject};

use crate::{Folder, UnitTask};

/// Signs of life need not be closer than this: a short request gives none.
const SIGNS_APART: TimeDelta = TimeDelta::minutes(10);

/// What every task that works on a request's data starts from.
#[derive(Debug, Clone)]
pub struct Ground {
    pub table: Table,
    pub work: Buckets,
    pub map: DataMap,
    pub stores: Stores,
}

impl Ground {
    pub fn from_env(aws: &Aws) -> Result<Self, StartError> {
        Ok(Self {
            table: table(aws)?,
            work: Buckets::from_env(aws, "WORK_BUCKET")?,
            map: load_map()?,
            stores: Stores { dynamodb: DynamoDb::new(aws), s3: S3::new(aws) },
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

/// Whom a task is about, and which of their records.
pub fn subject(request: &Request, task: &UnitTask) -> Result<Subject, TaskError> {
    let email = request.subjects.get(task.subject);
    let email =
        email.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The plan does not fit the request."))?;
    Ok(Subject { email: email.clone(), account: request.account.clone(), range: request.date_range })
}

/// Reads the data map that lies beside the function's binary.
pub fn load_map() -> Result<DataMap, StartError> {
    let folder = env::var_os("LAMBDA_TASK_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let file = folder.join("data-map.toml");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(DataMap::parse(&text, &required("AWS_ACCOUNT")?, &required("AWS_REGION")?)?)
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
