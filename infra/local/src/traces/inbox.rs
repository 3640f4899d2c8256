use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{Api, Result, Stack};

use super::executions::texts;
use super::{Place, Search};

/// Where the emulator shows what waits in queues, without taking it out.
const QUEUES_PATH: &str = "/_ministack/sqs/messages";

#[derive(Deserialize)]
struct Queues {
    /// By AWS account, region and queue.
    messages: BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<Value>>>>,
}

/// Looks into every mail that was sent, and every message that waits in a queue.
pub(super) fn look(stack: &Stack, search: &mut Search<'_>) -> Result<()> {
    for mail in stack.mails()? {
        let to = mail.to.join(", ");
        let parts = [
            ("sender", mail.source.as_str()),
            ("recipients", &to),
            ("subject", &mail.subject),
            ("text", mail.body_text.as_deref().unwrap_or_default()),
            ("HTML", mail.body_html.as_deref().unwrap_or_default()),
        ];
        let place = Place::Mail { to: to.clone(), subject: mail.subject.clone() };
        for (part, text) in parts {
            search.look(&place, part, text);
        }
    }
    let queues: Queues = Api::new(&stack.state().endpoint, None).get(QUEUES_PATH)?.json()?;
    let queues = queues.messages.into_values().flat_map(BTreeMap::into_values).flatten();
    for (queue, messages) in queues {
        for message in messages {
            let id = message["MessageId"].as_str().unwrap_or_default().to_owned();
            let mut bytes = Vec::new();
            texts(&mut bytes, &message);
            search.look(&Place::Message { queue: queue.clone(), id }, "message", bytes);
        }
    }
    Ok(())
}
