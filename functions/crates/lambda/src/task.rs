use std::error::Error;
use std::fmt;
use std::pin::Pin;

use habeas_aws::NoBucket;
use habeas_domain::StoreError;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{StartError, chain};

/// The names by which the state machine tells errors apart. They are public
/// API: the machine retries and explains by them.
pub mod names {
    /// A service did not answer. Retried.
    pub const UNAVAILABLE: &str = "Habeas.Unavailable";
    /// A data source did not answer. Retried, and then the request fails with its name.
    pub const SOURCE_UNAVAILABLE: &str = "Habeas.SourceUnavailable";
    /// A data source holds what cannot be exported or erased as the data map says.
    pub const SOURCE_UNREADABLE: &str = "Habeas.SourceUnreadable";
    /// Sources could not be read, for the reasons that the message lists. Permanent.
    pub const SOURCE_FAILED: &str = "Habeas.SourceFailed";
    /// A deletion would erase a lot more, or less, than its requestor was shown.
    pub const CHANGED_SINCE_PREVIEW: &str = "Habeas.ChangedSincePreview";
    /// After a deletion something is still there.
    pub const STILL_THERE: &str = "Habeas.StillThere";
    /// An event of the operator's product that is not as documented.
    pub const BAD_EVENT: &str = "Habeas.BadEvent";
    /// What the steps before left does not fit together.
    pub const INCOMPLETE: &str = "Habeas.Incomplete";
    /// Data are to be kept where the operator has no bucket.
    pub const NO_BUCKET: &str = "Habeas.NoBucket";
}

/// Why a task of the workflow failed. The message is shown to the person who
/// filed the request; the cause goes to the log only.
pub struct TaskError {
    name: &'static str,
    message: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl TaskError {
    #[must_use]
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), cause: None }
    }

    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// The runtime logs this form of every error, so it leaves the cause to the log
/// line of the one place that handles it.
impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskError").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for TaskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<NoBucket> for TaskError {
    fn from(error: NoBucket) -> Self {
        // Where it was to be kept is for the owners to know, and this is for more people.
        let message =
            "There is no place now where the account's data may be kept. The operator has to see to it.";
        Self::new(names::NO_BUCKET, message).because(error)
    }
}

impl From<StoreError> for TaskError {
    fn from(error: StoreError) -> Self {
        let name = match error {
            StoreError::Unavailable(_) => names::UNAVAILABLE,
            StoreError::Conflict | StoreError::Corrupt(_) => names::INCOMPLETE,
        };
        Self::new(name, "Something went wrong on our side, and trying again did not help.").because(error)
    }
}

impl From<TaskError> for Diagnostic {
    fn from(error: TaskError) -> Self {
        Self { error_type: error.name.to_owned(), error_message: error.message }
    }
}

/// Runs a function that is a task of the workflow, or is called by an event.
pub async fn serve_task<I, O, H>(handler: H) -> Result<(), StartError>
where
    I: DeserializeOwned,
    O: Serialize,
    H: AsyncFn(LambdaEvent<I>) -> Result<O, TaskError>,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(|event: LambdaEvent<I>| async move {
        // Boxed, or the compiler would lay out the whole stack of clients as one type.
        let running: Pin<Box<dyn Future<Output = _>>> = Box::pin(handler(event));
        let done: Result<O, TaskError> = running.await;
        if let Err(error) = &done {
            tracing::error!(name = error.name, error = chain(error), "task failed");
        }
        done
    }))
    .await
}
