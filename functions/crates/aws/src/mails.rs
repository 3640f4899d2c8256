use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use chrono::{DateTime, TimeDelta, Utc};
use habeas_domain::{AccountId, EmailAddress, RequestId, StoreError};

use crate::Table;
use crate::error::unavailable;
use crate::keys::{Item, entry_mail_key, request_mail_key, text};
use crate::table::moment;

/// Whoever has claimed a mail has sent it, or is gone, after this time: SES
/// answers, or is given up, long before, and the machine goes on trying longer.
const CLAIM: TimeDelta = TimeDelta::seconds(20);

/// Who sends a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailClaim {
    /// The one who asked: it has to be sent and marked now.
    Ours,
    /// Somebody else is sending it just now, or died while doing so.
    Theirs,
    Sent,
}

/// The place where it is remembered that a mail was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct MailSlot(Item);

impl MailSlot {
    /// Of one of the mails about a request.
    #[must_use]
    pub fn about_request(id: RequestId, mail: &str) -> Self {
        Self(request_mail_key(id, mail))
    }

    /// Of the mail to somebody about an entry of their account's ledger.
    #[must_use]
    pub fn about_entry(account: &AccountId, number: u64, to: &EmailAddress) -> Self {
        Self(entry_mail_key(account, number, to))
    }

    fn item(&self) -> Item {
        self.0.clone()
    }
}

impl Table {
    /// Takes the sending of a mail upon oneself, unless it has been sent or
    /// somebody else is at it.
    pub async fn claim_mail(&self, slot: &MailSlot, now: DateTime<Utc>) -> Result<MailClaim, StoreError> {
        let mut item = slot.item();
        item.insert("claimed_until".to_owned(), text(moment(now + CLAIM)));
        item.insert("ttl".to_owned(), self.record_ttl(now));
        let claimed = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(
                "attribute_not_exists(pk) OR (attribute_not_exists(message_id) AND claimed_until <= :now)",
            )
            .expression_attribute_values(":now", text(moment(now)))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        match claimed {
            Ok(_) => Ok(MailClaim::Ours),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(lost)) => {
                    let sent = lost.item().is_some_and(|row| row.contains_key("message_id"));
                    Ok(if sent { MailClaim::Sent } else { MailClaim::Theirs })
                }
                _ => Err(unavailable(error)),
            },
        }
    }

    /// Whether a mail has been sent.
    pub async fn mail_sent(&self, slot: &MailSlot) -> Result<bool, StoreError> {
        let row: Option<serde_json::Value> = self.read(slot.item()).await?;
        Ok(row.is_some_and(|row| row.get("message_id").is_some()))
    }

    /// Gives a claim back, so that the next try need not wait for its end.
    pub async fn release_mail(&self, slot: &MailSlot) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(slot.item()))
            .condition_expression("attribute_not_exists(message_id)")
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    /// Remembers that a mail was sent, with the id that SES gave it.
    pub async fn mark_mail(
        &self,
        slot: &MailSlot,
        message_id: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut item = slot.item();
        item.insert("message_id".to_owned(), text(message_id));
        item.insert("at".to_owned(), text(moment(at)));
        item.insert("ttl".to_owned(), self.record_ttl(at));
        self.write(item).await
    }
}
