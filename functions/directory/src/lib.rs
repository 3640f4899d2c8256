//! Learns of accounts and members from the operator's product.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use habeas_aws::Table;
use habeas_domain::{Account, EmailAddress, Member};
use habeas_lambda::{TaskError, names};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The store of people and accounts.
#[derive(Debug)]
pub struct Directory {
    pub table: Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Removed {
    email: EmailAddress,
}

impl Directory {
    /// Takes in one event. The newest by the event's own time wins, so late and
    /// repeated events are harmless.
    pub async fn learn(&self, event: EventBridgeEvent<Value>) -> Result<Value, TaskError> {
        let at = event.time.ok_or_else(|| unreadable("it has no time".to_owned()))?;
        let applied = match event.detail_type.as_str() {
            "account.upserted" => self.table.upsert_account(&detail::<Account>(event.detail)?, at).await?,
            "member.upserted" => self.table.upsert_member(&detail::<Member>(event.detail)?, at).await?,
            "member.removed" => {
                let removed: Removed = detail(event.detail)?;
                self.table.remove_member(&removed.email, at).await?
            }
            other => return Err(unreadable(format!("the detail-type `{other}` is not known"))),
        };
        Ok(json!({ "applied": applied }))
    }
}

fn detail<T: DeserializeOwned>(detail: Value) -> Result<T, TaskError> {
    serde_json::from_value(detail).map_err(|error| unreadable(error.to_string()))
}

fn unreadable(what: String) -> TaskError {
    TaskError::new(names::BAD_EVENT, format!("The event is not understood: {what}."))
}
