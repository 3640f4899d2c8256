use chrono::{DateTime, Utc};
use habeas_aws::{ArchiveNote, MailSlot};
use habeas_domain::StoreError;
use serde_json::json;

use crate::{Done, Sweep, again_after};

impl Sweep {
    /// Tells of an archive that expires soon, and removes one that has expired.
    pub(crate) async fn age(&self, note: &ArchiveNote, now: DateTime<Utc>) -> Result<Done, StoreError> {
        if now >= note.expires_at {
            let first = self.expiry.expire(note.request, now).await?;
            return Ok(if first { Done::Expired } else { Done::NothingToDo });
        }
        if self.table.mail_sent(&MailSlot::about_request(note.request, "expiring")).await? {
            self.table.look_at_archive(note, note.expires_at).await?;
        } else {
            let since = now - (note.expires_at - ArchiveNote::NOTICE);
            self.table.look_at_archive(note, note.expires_at.min(now + again_after(since))).await?;
            let mail = json!({ "mail": "expiring", "account": note.account, "request": note.request });
            self.notify.send(&mail).await?;
        }
        Ok(Done::NothingToDo)
    }
}
