use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One line of a request's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub event: EventKind,
    /// The e-mail address of the person who did it; absent where Habeas did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Filed,
    Revoked,
    Started,
    Completed,
    Failed,
    LinkMinted,
}
