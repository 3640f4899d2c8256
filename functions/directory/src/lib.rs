//! Learns of accounts and members from the operator's product.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
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
    pub async fn learn(&self, event: EventBridgeEvent<Value>) -> Result<Value, TaskError> {
        let (news, at) = read(event)?;
        let applied = match news {
            News::Account(account) => self.table.upsert_account(&account, at).await?,
            News::Member(member) => self.table.upsert_member(&member, at).await?,
            News::Removed(email) => self.table.remove_member(&email, at).await?,
        };
        Ok(json!({ "applied": applied }))
    }
}

fn read(event: EventBridgeEvent<Value>) -> Result<(News, DateTime<Utc>), TaskError> {
    let at = event.time.ok_or_else(|| unreadable("it has no time".to_owned()))?;
    let news = match event.detail_type.as_str() {
        "account.upserted" => News::Account(detail(event.detail)?),
        "member.upserted" => News::Member(detail(event.detail)?),
        "member.removed" => News::Removed(detail::<Removed>(event.detail)?.email),
        other => return Err(unreadable(format!("the detail-type `{other}` is not known"))),
    };
    Ok((news, at))
}

fn detail<T: DeserializeOwned>(detail: Value) -> Result<T, TaskError> {
    serde_json::from_value(detail).map_err(|error| unreadable(error.to_string()))
}

fn unreadable(what: String) -> TaskError {
    TaskError::new(names::BAD_EVENT, format!("The event is not understood: {what}."))
}

#[cfg(test)]
mod tests {
    use habeas_domain::Role;
    use habeas_testkit::{address, at, events};

    use super::*;

    fn read_text(text: &str) -> Result<(News, DateTime<Utc>), TaskError> {
        read(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("directory") {
            let name = read_text(&event.text).map_err(|error| error.name()).err();
            assert_eq!(name, event.is_rejected().then_some(names::BAD_EVENT), "{}", event.case);
        }
    }

    #[test]
    fn an_account_a_member_and_a_removal_are_told_apart() {
        let (account, at_of_event) =
            read_text(include_str!("../../../events/directory/account-upserted.json")).unwrap();
        assert!(matches!(account, News::Account(account) if account.name == "Amber Research"));
        assert_eq!(at_of_event, at("2026-01-05T10:00:00Z"));
        let (member, _) = read_text(include_str!("../../../events/directory/member-upserted.json")).unwrap();
        assert!(matches!(member, News::Member(member) if member.role == Role::Member));
        let (removed, _) = read_text(include_str!("../../../events/directory/member-removed.json")).unwrap();
        assert_eq!(removed, News::Removed(address("bob@amber.example")));
    }

    #[test]
    fn a_refusal_repeats_no_address() {
        let bad = include_str!("../../../events/directory/rejected-bad-address.json");
        let told = read_text(&bad.replace("nobody", "bob at amber")).unwrap_err().to_string();
        assert!(!told.contains("bob"), "{told}");
    }
}
