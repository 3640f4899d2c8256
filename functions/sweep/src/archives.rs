use chrono::{DateTime, Utc};
use habeas_aws::ArchiveNote;
use habeas_domain::StoreError;
use serde_json::json;

use crate::{Done, Sweep};

impl Sweep {
    /// Tells of an archive that expires soon, and removes one that has expired.
    pub(crate) async fn age(&self, note: &ArchiveNote, now: DateTime<Utc>) -> Result<Done, StoreError> {
        if now >= note.expires_at {
            self.expiry.expire(note.request, now).await?;
            return Ok(Done::Expired);
        }
        let mail = json!({ "mail": "expiring", "account": note.account, "request": note.request });
        self.notify.send(&mail).await?;
        self.table.look_at_end(note).await?;
        Ok(Done::NothingToDo)
    }
}
