//! Learns of accounts and members from the operator's product.

mod detail;
#[cfg(test)]
mod tests;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::Table;
use habeas_domain::{Account, EmailAddress, Member};
use habeas_lambda::{TaskError, names};
use serde_json::{Value, json};

use detail::{AccountDetail, MemberDetail, RemovedDetail, understand};

/// Clocks differ by a little. What is further ahead would make everything that
/// comes until then look late.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);

/// The store of people and accounts.
#[derive(Debug)]
pub struct Directory {
    pub table: Table,
}

/// What an event says.
#[derive(Debug, PartialEq, Eq)]
enum News {
    Account(Account),
    Member(Member),
    Removed(EmailAddress),
}

impl Directory {
    /// Takes in one event. The newest by the event's own time wins, so late and
    /// repeated events are harmless.
    pub async fn learn(
        &self,
        event: EventBridgeEvent<Value>,
        now: DateTime<Utc>,
    ) -> Result<Value, TaskError> {
        let (news, at) = read(event, now)?;
        let applied = match news {
            News::Account(account) => self.table.upsert_account(&account, at).await?,
            News::Member(member) => self.table.upsert_member(&member, at).await?,
            News::Removed(email) => self.table.remove_member(&email, at).await?,
        };
        Ok(json!({ "applied": applied }))
    }
}

fn read(event: EventBridgeEvent<Value>, now: DateTime<Utc>) -> Result<(News, DateTime<Utc>), TaskError> {
    let at = event.time.ok_or_else(|| unreadable("it has no time"))?;
    if at > now + AHEAD_MAX {
        return Err(unreadable("its time is yet to come"));
    }
    let news = match event.detail_type.as_str() {
        "account.upserted" => understand::<AccountDetail>(event.detail).map(News::Account),
        "member.upserted" => understand::<MemberDetail>(event.detail).map(News::Member),
        "member.removed" => understand::<RemovedDetail>(event.detail).map(News::Removed),
        other => Err(format!("the detail-type `{other}` is not known")),
    };
    Ok((news.map_err(|flaw| unreadable(&flaw))?, at))
}

fn unreadable(what: &str) -> TaskError {
    TaskError::new(names::BAD_EVENT, format!("The event is not understood: {what}."))
}
