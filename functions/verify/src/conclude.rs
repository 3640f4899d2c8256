use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use habeas_domain::{Digest, HeldNote, Request, RequestId, Status};
use habeas_lambda::TaskError;
use habeas_work::{HeldTarget, digests};

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
        self.note_held(deletion, &tallies.held, now).await?;
        let text = tallies.receipt(&self.ground, deletion, &digests, &withdrawn, now);
        let signed = self.signer.sign(&text).await?;
        let kept = self.ground.table.put_receipt(deletion.request, &signed, now).await?;
        if let Some(original) = deletion.request.follows {
            // What is still held of it has a note of this request's own.
            self.ground.table.remove_held(&deletion.request.account, original).await?;
        }
        Ok(Conclusion::Receipt(Digest::of(&kept.receipt)))
    }

    /// Notes what was held, so that it is erased by itself when the hold is released.
    async fn note_held(
        &self,
        deletion: &Deletion<'_>,
        held: &[HeldTarget],
        now: DateTime<Utc>,
    ) -> Result<(), TaskError> {
        if held.is_empty() {
            return Ok(());
        }
        let mut holds = BTreeSet::new();
        for target in held {
            let person = deletion.request.subjects.get(target.subject);
            let source = self.ground.source(&target.source)?;
            let sources: Vec<_> = source.parent().into_iter().chain([source.name.as_str()]).collect();
            holds.extend(person.into_iter().flat_map(|person| deletion.holds.behind(person, &sources)));
        }
        let Request { account, id, .. } = deletion.request;
        let note = HeldNote {
            account: account.clone(),
            request: *id,
            holds,
            count: held.len() as u64,
            chunks: 0,
            follow_up: None,
        };
        Ok(self.ground.table.put_held(&note, HeldTarget::pieces(held)?, now).await?)
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
