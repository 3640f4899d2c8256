//! Moves an account's archives to where its data are to be kept from now on.
//!
//! An archive is copied under a key of its own, then the request's row is
//! changed to point there, and only then is the old one deleted. The row is
//! changed on the condition that this move is still the account's last one.

mod shelves;

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::Table;
use habeas_domain::{
    AccountId, Archive, Cursor, Filter, InHand, Place, Relocation, Request, RequestId, Requests, Status,
    StoreError,
};
use habeas_lambda::{Metric, TaskError, chain, emit};
use serde::{Deserialize, Serialize};

pub use shelves::Shelves;

/// Requests in one page of the list that is looked through.
const PAGE_REQUESTS: u32 = 100;

/// After so many archives that cannot be moved, the rest waits too.
const FAILURES_MAX: u32 = 50;

/// How often a row is changed that others write to at the same time.
const ATTEMPTS_MAX: usize = 10;

/// What moving takes.
#[derive(Debug)]
pub struct Relocate<P> {
    pub table: Table,
    pub shelves: P,
    pub clock: fn() -> DateTime<Utc>,
}

/// Which move: the ledger's entry that it follows from names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Input {
    pub account: AccountId,
    pub entry: u64,
}

/// What the state machine does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub done: bool,
    /// Before the next look.
    pub wait_seconds: i64,
}

/// What there is to move.
#[derive(Debug, Default)]
struct Found {
    archives: Vec<RequestId>,
    /// Requests that go on at the old place.
    running: u64,
}

/// What became of one archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is where it is to be, or gone.
    Settled,
    /// The time is up; the parts that are there stay for the next invocation.
    Unfinished,
    /// A later change of the setting has taken over.
    Superseded,
}

impl Outcome {
    const DONE: Self = Self { done: true, wait_seconds: 0 };

    fn again_after(wait: TimeDelta) -> Self {
        Self { done: false, wait_seconds: wait.num_seconds() }
    }
}

impl<P: Shelves> Relocate<P> {
    /// Moves what there is, as far as the time goes.
    pub async fn relocate(&self, input: &Input, deadline: Instant) -> Result<Outcome, TaskError> {
        let found = self.table.relocation(&input.account).await?;
        let Some(mut relocation) = found.filter(|last| last.entry == input.entry && last.ended_at.is_none())
        else {
            return Ok(Outcome::DONE);
        };
        let began = (self.clock)();
        relocation.failing = 0;
        for in_hand in std::mem::take(&mut relocation.in_hand).into_values() {
            self.clean_up(&mut relocation, in_hand, began).await?;
        }
        let found = self.look(&relocation).await?;
        relocation.left = Some(found.archives.len() as u64);
        relocation.running = found.running;
        match self.table.note_relocation(&relocation).await {
            Err(StoreError::Conflict) => return Ok(Outcome::DONE),
            noted => noted?,
        }
        for id in found.archives {
            if Instant::now() >= deadline {
                return self.pause(&relocation, TimeDelta::zero()).await;
            }
            match self.move_one(&mut relocation, id, deadline).await {
                Ok(Fate::Settled) => relocation.left = relocation.left.map(|left| left.saturating_sub(1)),
                Ok(Fate::Unfinished) => return self.pause(&relocation, TimeDelta::zero()).await,
                Ok(Fate::Superseded) => return Ok(Outcome::DONE),
                // One that cannot be moved keeps no other from it.
                Err(fault) => {
                    tracing::error!(request = %id, error = chain(&fault), "archive not moved; tried again later");
                    relocation.failing += 1;
                    if relocation.failing >= FAILURES_MAX {
                        break;
                    }
                }
            }
        }
        if relocation.is_done(began) {
            let ended = Relocation { ended_at: Some((self.clock)()), ..relocation.clone() };
            match self.table.note_relocation(&ended).await {
                Ok(()) => {
                    tracing::info!(account = %ended.account, "all archives are where they are to be");
                    return Ok(Outcome::DONE);
                }
                // Somebody else has something in hand, or has ended it.
                Err(StoreError::Conflict) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        if relocation.failing > 0 {
            emit((self.clock)(), &[(Metric::ArchivesNotMoved, relocation.failing)]);
        }
        self.pause(&relocation, relocation.wait((self.clock)())).await
    }

    async fn pause(&self, relocation: &Relocation, wait: TimeDelta) -> Result<Outcome, TaskError> {
        match self.table.note_relocation(relocation).await {
            Ok(()) => Ok(Outcome::again_after(wait)),
            Err(StoreError::Conflict) => Ok(Outcome::DONE),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Goes through the account's requests. The list lags, so the rows of those
    /// that it shows as open are read.
    async fn look(&self, relocation: &Relocation) -> Result<Found, StoreError> {
        let mut found = Found::default();
        let mut after: Option<Cursor> = None;
        loop {
            let filter = Filter::default();
            let page = self.table.list(&relocation.account, &filter, after, PAGE_REQUESTS).await?;
            for listed in page.requests {
                let request = match listed.status.has_ended() {
                    true => Some(listed),
                    false => self.table.request(listed.id).await?,
                };
                let Some(request) = request else { continue };
                if archive_to_move(&request, relocation, (self.clock)()).is_some() {
                    found.archives.push(request.id);
                }
                let runs = request.status == Status::Processing;
                found.running += u64::from(runs && request.kept_in() != relocation.to);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    async fn move_one(
        &self,
        relocation: &mut Relocation,
        id: RequestId,
        deadline: Instant,
    ) -> Result<Fate, StoreError> {
        let Some(request) = self.table.request(id).await? else { return Ok(Fate::Settled) };
        let Some(archive) = archive_to_move(&request, relocation, (self.clock)()) else {
            return Ok(Fate::Settled);
        };
        let in_hand = InHand { request: id, from: archive.place(), copy: relocation.copy_of(id) };
        // Written down first: whatever breaks off from here on is cleaned up after.
        relocation.in_hand.insert(in_hand.copy.key.clone(), in_hand.clone());
        match self.table.take_in_hand(relocation, &in_hand).await {
            Err(StoreError::Conflict) => return Ok(Fate::Superseded),
            written => written?,
        }
        if !self.shelves.copy(&in_hand.from, &in_hand.copy, deadline).await? {
            return Ok(Fate::Unfinished);
        }
        let fate = self.point_to_copy(request, &in_hand, relocation).await?;
        self.remove_other(&in_hand).await?;
        self.let_go(relocation, &in_hand).await?;
        Ok(fate)
    }

    /// Changes the row to where the copy is. Others may write to it meanwhile;
    /// what stands in the way for good is that the archive is gone or was moved,
    /// or that a later move has begun.
    async fn point_to_copy(
        &self,
        mut request: Request,
        in_hand: &InHand,
        relocation: &Relocation,
    ) -> Result<Fate, StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(moved) = request.with_archive_at(&in_hand.copy, (self.clock)()) else {
                return Ok(Fate::Settled);
            };
            match self.table.mark_moved(&moved, &in_hand.from, relocation).await {
                Ok(()) => return Ok(Fate::Settled),
                Err(StoreError::Conflict) => {}
                Err(fault) => return Err(fault),
            }
            let last = self.table.relocation(&relocation.account).await?;
            if last.is_none_or(|last| last.entry != relocation.entry || last.ended_at.is_some()) {
                return Ok(Fate::Superseded);
            }
            match self.table.request(in_hand.request).await? {
                Some(now) if place_of(&now).as_ref() == Some(&in_hand.from) => request = now,
                _ => return Ok(Fate::Settled),
            }
        }
        Err(StoreError::Unavailable("others kept writing to the request".into()))
    }

    /// Of an archive and its copy, removes what the row does not point to: once
    /// the row points elsewhere, nothing points there ever again.
    async fn remove_other(&self, in_hand: &InHand) -> Result<(), StoreError> {
        let request = self.table.request(in_hand.request).await?;
        let place = request.as_ref().and_then(place_of);
        for other in [&in_hand.from, &in_hand.copy] {
            if place.as_ref() != Some(other) {
                self.shelves.remove(other).await?;
            }
        }
        Ok(())
    }

    /// Ends what a move that broke off has left. Where it was this one and the
    /// archive is still where it was, the next try goes on with what is there.
    /// What an earlier move had in hand is kept in hand until nobody can be at it
    /// any more, who would make the copy after it was removed.
    async fn clean_up(
        &self,
        relocation: &mut Relocation,
        in_hand: InHand,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let request = self.table.request(in_hand.request).await?;
        let is_ours = in_hand.copy == relocation.copy_of(in_hand.request);
        relocation.in_hand.insert(in_hand.copy.key.clone(), in_hand.clone());
        if is_ours && request.as_ref().and_then(place_of).as_ref() == Some(&in_hand.from) {
            return Ok(());
        }
        match self.remove_other(&in_hand).await {
            Ok(()) if is_ours || relocation.is_alone(now) => self.let_go(relocation, &in_hand).await,
            Ok(()) => Ok(()),
            Err(fault) => {
                let error = chain(&fault);
                tracing::error!(request = %in_hand.request, error, "leftovers not removed; tried again later");
                relocation.failing += 1;
                Ok(())
            }
        }
    }

    async fn let_go(&self, relocation: &mut Relocation, in_hand: &InHand) -> Result<(), StoreError> {
        self.table.let_go(&relocation.account, in_hand).await?;
        relocation.in_hand.remove(&in_hand.copy.key);
        Ok(())
    }
}

/// Where a request's archive is, as long as there is one.
fn place_of(request: &Request) -> Option<Place> {
    request.archive.as_ref().filter(|archive| archive.removed_at.is_none()).map(Archive::place)
}

/// The archive of a request, where it is not where it is to be. What has expired
/// is not moved any more: it is about to go.
fn archive_to_move<'a>(
    request: &'a Request,
    relocation: &Relocation,
    now: DateTime<Utc>,
) -> Option<&'a Archive> {
    let is_there = |archive: &&Archive| archive.removed_at.is_none() && now < archive.expires_at;
    let archive = request.archive.as_ref().filter(is_there)?;
    let belongs = request.account == relocation.account && request.status == Status::Completed;
    (belongs && archive.residency != relocation.to).then_some(archive)
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{account, events};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("relocate") {
            let read = serde_json::from_str::<Input>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn an_input_names_the_move() {
        let input: Input = serde_json::from_str(include_str!("../../../events/relocate/move.json")).unwrap();
        assert_eq!(input, Input { account: account("amber").id, entry: 7 });
    }
}
