use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use habeas_domain::{Digest, Request, RequestId, Status};
use habeas_lambda::TaskError;
use habeas_work::digests;

use crate::receipt::Tallies;
use crate::{Deletion, Verify};

/// An export of the same people that is still being made is waited for as long:
/// what it has gathered was there before the deletion.
const EXPORT_SECONDS: u32 = 10;

pub(crate) enum Conclusion {
    /// Earlier work has to come to its end first.
    Wait(u32),
    /// The SHA-256 of the receipt's text.
    Receipt(Digest),
}

impl Verify {
    /// Ends earlier archives and signs the receipt. Done again, it comes to the
    /// same: the first receipt stays.
    pub(crate) async fn conclude(
        &self,
        deletion: &Deletion<'_>,
        now: DateTime<Utc>,
    ) -> Result<Conclusion, TaskError> {
        let Some(withdrawn) = self.withdraw(deletion.request, now).await? else {
            return Ok(Conclusion::Wait(EXPORT_SECONDS));
        };
        let digests = digests(&self.macs, deletion.request).await?;
        let tallies = Tallies::of(&self.ground, deletion).await?;
        let counts = tallies.erased_by_person(&self.ground, deletion)?;
        self.ground.table.set_counts(deletion.request, &counts).await?;
        let text = tallies.receipt(&self.ground, deletion, &digests, &withdrawn, now);
        let signed = self.signer.sign(&text).await?;
        let kept = self.ground.table.put_receipt(deletion.request, &signed, now).await?;
        Ok(Conclusion::Receipt(Digest::of(&kept.receipt)))
    }

    /// Ends the archives of earlier exports that are about somebody of the
    /// deletion, and names these exports. Nothing where one is still being made.
    ///
    /// An export that starts after this look finds what the deletion has left.
    async fn withdraw(
        &self,
        deletion: &Request,
        now: DateTime<Utc>,
    ) -> Result<Option<BTreeSet<RequestId>>, TaskError> {
        let mut withdrawn = BTreeSet::new();
        for person in &deletion.subjects {
            let requests = self.ground.table.requests_about(&deletion.account, person).await?;
            for export in requests.iter().filter(|request| request.can_hold_what_goes_with(deletion)) {
                if export.status == Status::Processing {
                    return Ok(None);
                }
                let Some(archive) = &export.archive else { continue };
                // Of an earlier attempt of this very conclusion, which may have ended in between.
                let is_ours = archive.withdrawn_by == Some(deletion.id);
                if is_ours || (archive.removed_at.is_none() && now < archive.expires_at) {
                    self.expiry.withdraw(export.id, deletion.id, now).await?;
                    withdrawn.insert(export.id);
                }
            }
        }
        Ok(Some(withdrawn))
    }
}
