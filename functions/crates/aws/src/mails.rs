use chrono::{DateTime, Utc};
use habeas_domain::{RequestId, StoreError};

use crate::Table;
use crate::keys::{mail_key, text};
use crate::requests::moment;

impl Table {
    /// Whether a mail of this name has been sent for the request.
    pub async fn mail_sent(&self, id: RequestId, mail: &str) -> Result<bool, StoreError> {
        let row: Option<serde_json::Value> = self.read(mail_key(id, mail)).await?;
        Ok(row.is_some())
    }

    /// Remembers that a mail was sent, with the id that SES gave it.
    pub async fn mark_mail(
        &self,
        id: RequestId,
        mail: &str,
        message_id: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut item = mail_key(id, mail);
        item.insert("message_id".to_owned(), text(message_id));
        item.insert("at".to_owned(), text(moment(at)));
        self.write(item).await
    }
}
