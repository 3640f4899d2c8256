use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::connector::Answer;

/// Takes every mail and sends none.
#[derive(Debug, Default)]
pub(crate) struct Ses {
    mails: Mutex<Vec<Value>>,
}

impl Ses {
    pub(crate) fn answer(&self, body: &[u8]) -> Answer {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push(serde_json::from_slice(body).expect("a mail as JSON"));
        Answer::ok(json!({ "MessageId": format!("mail-{}", mails.len()) }).to_string())
    }

    pub(crate) fn mails(&self) -> Vec<Value> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
