use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Api, Result};

/// Where the emulator shows what was sent.
pub(crate) const INBOX_PATH: &str = "/_ministack/ses/messages";

/// A mail that was sent through SES.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Mail {
    pub message_id: String,
    pub source: String,
    pub to: Vec<String>,
    pub subject: String,
    pub body_text: Option<String>,
    pub body_html: Option<String>,
}

#[derive(Deserialize)]
struct Inbox {
    /// By AWS account.
    messages: BTreeMap<String, Vec<Mail>>,
}

/// Every mail sent since the stack is there, oldest first.
pub(crate) fn mails(endpoint: &str) -> Result<Vec<Mail>> {
    let inbox: Inbox = Api::new(endpoint, None).get(INBOX_PATH)?.json()?;
    Ok(inbox.messages.into_values().flatten().collect())
}
