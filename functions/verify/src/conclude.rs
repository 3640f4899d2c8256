use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use habeas_domain::{Digest, HeldNote, Request, RequestId, Status};
use habeas_lambda::TaskError;
use habeas_work::{HeldTarget, digests};

use crate::receipt::Reckoning;
use crate::{Deletion, Verify};

/// An export of the same people that is still being made is waited for: what it
/// has gathered was there before the deletion. It is looked at again after so long,
/// less often the longer it takes.
const PAUSE_SECONDS: RangeInclusive<i64> = 10..=600;

/// An export that is still being made, and when to look again.
struct UnderWay {
    seconds: u32,
}

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
        let withdrawn = match self.withdraw(deletion.request, now).await? {
            Ok(withdrawn) => withdrawn,
            Err(UnderWay { seconds }) => return Ok(Conclusion::Wait(seconds)),
        };
        let digests = digests(&self.macs, deletion.request).await?;
        let reckoning = Reckoning::of(&self.ground, deletion).await?;
        let counts = reckoning.erased_by_person(&self.ground, deletion)?;
        self.ground.table.set_counts(deletion.request, &counts).await?;
        self.note_held(deletion, &reckoning.held, now).await?;
        let text = reckoning.receipt(&self.ground, deletion, &digests, &withdrawn, now);
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
            let map = &self.ground.map;
            holds.extend(person.into_iter().flat_map(|person| deletion.holds.behind(map, person, source)));
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
    /// deletion, and names these exports; or says that one is still being made.
    ///
    /// An export that starts after this look finds what the deletion has left.
    async fn withdraw(
        &self,
        deletion: &Request,
        now: DateTime<Utc>,
    ) -> Result<Result<BTreeSet<RequestId>, UnderWay>, TaskError> {
        let mut withdrawn = BTreeSet::new();
        for person in &deletion.subjects {
            let requests = self.ground.table.requests_about(&deletion.account, person).await?;
            for export in requests.iter().filter(|request| request.can_hold_what_goes_with(deletion)) {
                if export.status == Status::Processing {
                    let tenth = (now - export.starts_at).num_seconds() / 10;
                    let seconds = tenth.clamp(*PAUSE_SECONDS.start(), *PAUSE_SECONDS.end());
                    return Ok(Err(UnderWay { seconds: u32::try_from(seconds).unwrap_or_default() }));
                }
                let Some(archive) = &export.archive else { continue };
                // Of an earlier attempt of this very conclusion, which may have ended in between.
                let is_ours = archive.withdrawn_by == Some(deletion.id);
                if is_ours || archive.removed_at.is_none() {
                    self.expiry.withdraw(export.id, deletion.id, now).await?;
                    withdrawn.insert(export.id);
                }
            }
        }
        Ok(Ok(withdrawn))
    }
}
