//! Finds what is stuck, late or has expired, once a minute.

mod archives;
mod follow_ups;
mod relocations;
mod requests;

use std::fmt;
use std::pin::pin;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use habeas_aws::{StateMachine, Table};
use habeas_domain::{Stamp, StoreError};
use habeas_lambda::{Function, Metric, chain, emit};
use habeas_work::Expiry;
use serde::Serialize;

/// A request that was filed this long ago should have been started.
const PATIENCE: TimeDelta = TimeDelta::seconds(5);

/// What has been tried in vain is tried again after this time, the first times.
const AGAIN_AT_FIRST: TimeDelta = TimeDelta::minutes(5);

/// How many requests, and how many archives, are looked at at a time.
const AT_A_TIME: usize = 8;

/// What sweeping takes.
#[derive(Debug)]
pub struct Sweep {
    pub table: Table,
    pub machine: StateMachine,
    /// Moves an account's archives.
    pub relocations: StateMachine,
    pub expiry: Expiry,
    pub notify: Function,
    pub tidy: Function,
    /// The moment and the id of a request that the sweep files.
    pub stamp: fn() -> Stamp,
    /// How long such a request can be revoked before it starts.
    pub deletion_wait: TimeDelta,
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    pub started: u32,
    pub failed: u32,
    /// Requests looked at that are late.
    pub overdue: u32,
    pub expired: u32,
    /// Moves of an account's archives that were started.
    pub moving: u32,
    /// Of those that broke off, how many were started again.
    pub broken_off: u32,
    /// Deletions that were filed of what a released hold had kept.
    pub followed_up: u32,
    /// What could not be done this time; the log says why.
    pub left: u32,
}

/// When something is tried again that has been tried in vain for `since`: often
/// at first, and then after half as long again.
fn again_after(since: TimeDelta) -> TimeDelta {
    (since / 2).max(AGAIN_AT_FIRST)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Started,
    Failed,
    Overdue,
    Expired,
    Moving,
    MovingAgain,
    FollowedUp,
    NothingToDo,
}

impl Sweep {
    /// Starts what was filed and never started, fails what lost its workflow or
    /// gives no sign of life, has the operator told of what is late, removes
    /// archives whose time is over, has archives moved to where their account's
    /// data are to be kept, and files what follows from released holds. One stuck
    /// thing stops no other: several are looked at at a time, and what is not
    /// reached before the deadline is left to the next sweep, and reported.
    pub async fn sweep(&self, now: DateTime<Utc>, deadline: Instant) -> Swept {
        let (mut archives, mut requests) = (Swept::default(), Swept::default());
        let (mut moves, mut follow_ups) = (Swept::default(), Swept::default());
        let ageing = async {
            match self.table.ageing(now).await {
                Ok(waiting) => {
                    archives.leave(waiting.unreadable, "archive's row not readable");
                    let looks = waiting.rows.iter().map(|note| (note.request, self.age(note, now)));
                    archives.do_all(looks, deadline).await;
                }
                Err(fault) => archives.fault(&fault, "ageing archives not read"),
            }
        };
        let open = async {
            match self.table.overdue(now - PATIENCE).await {
                Ok(waiting) => {
                    requests.leave(waiting.unreadable, "request not readable");
                    let looks = waiting.rows.iter().map(|row| (row.id, self.look(row.id, now)));
                    requests.do_all(looks, deadline).await;
                }
                Err(fault) => requests.fault(&fault, "open requests not read"),
            }
        };
        let relocating = async {
            match self.table.relocations(now).await {
                Ok(waiting) => {
                    moves.leave(waiting.unreadable, "move's row not readable");
                    let looks = waiting.rows.iter();
                    let looks = looks.map(|relocation| (&relocation.account, self.moving(relocation, now)));
                    moves.do_all(looks, deadline).await;
                }
                Err(fault) => moves.fault(&fault, "moves not read"),
            }
        };
        let releasing = async {
            match self.table.released(now).await {
                Ok(waiting) => {
                    follow_ups.leave(waiting.unreadable, "note of what was held not readable");
                    let looks =
                        waiting.rows.iter().map(|held| (held.note.request, self.follow_up(held, now)));
                    follow_ups.do_all(looks, deadline).await;
                }
                Err(fault) => follow_ups.fault(&fault, "notes of what was held not read"),
            }
        };
        tokio::join!(ageing, open, relocating, releasing);
        let swept = requests.and(&archives).and(&moves).and(&follow_ups);
        swept.report(now);
        swept
    }
}

impl Swept {
    async fn do_all<I, F>(&mut self, looks: impl Iterator<Item = (I, F)>, deadline: Instant)
    where
        I: fmt::Display,
        F: Future<Output = Result<Done, StoreError>>,
    {
        let looks = stream::iter(looks)
            .map(|(id, look)| async move { (id, tokio::time::timeout_at(deadline.into(), look).await) });
        let mut looks = pin!(looks.buffer_unordered(AT_A_TIME));
        while let Some((id, looked)) = looks.next().await {
            match looked {
                Ok(done) => self.count(done, &id),
                Err(_) => self.leave(1, "not reached in time"),
            }
        }
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            started: self.started + other.started,
            failed: self.failed + other.failed,
            overdue: self.overdue + other.overdue,
            expired: self.expired + other.expired,
            moving: self.moving + other.moving,
            broken_off: self.broken_off + other.broken_off,
            followed_up: self.followed_up + other.followed_up,
            left: self.left + other.left,
        }
    }

    fn count(&mut self, done: Result<Done, StoreError>, of: &impl fmt::Display) {
        match done {
            Ok(Done::Started) => self.started += 1,
            Ok(Done::Moving) => self.moving += 1,
            Ok(Done::MovingAgain) => self.broken_off += 1,
            Ok(Done::FollowedUp) => self.followed_up += 1,
            Ok(Done::Failed) => self.failed += 1,
            Ok(Done::Overdue) => self.overdue += 1,
            Ok(Done::Expired) => self.expired += 1,
            Ok(Done::NothingToDo) => {}
            Err(fault) => {
                self.left += 1;
                tracing::error!(%of, error = chain(&fault), "left to the next sweep");
            }
        }
    }

    fn leave(&mut self, rows: u32, what: &str) {
        if rows > 0 {
            self.left += rows;
            tracing::error!(rows, "{what}");
        }
    }

    fn fault(&mut self, fault: &StoreError, what: &str) {
        self.left += 1;
        tracing::error!(error = chain(fault), "{what}");
    }

    fn report(&self, now: DateTime<Utc>) {
        let Self { started, failed, overdue, expired, moving, broken_off, followed_up, left } = *self;
        tracing::info!(started, failed, overdue, expired, moving, broken_off, followed_up, left, "swept");
        emit(
            now,
            &[
                (Metric::RequestsStartedBySweep, started),
                (Metric::RequestsFailedBySweep, failed),
                (Metric::RequestsOverdue, overdue),
                (Metric::ArchivesExpired, expired),
                (Metric::MovesBrokenOff, broken_off),
                (Metric::FollowUpsFiled, followed_up),
                (Metric::SweepLeft, left),
            ],
        );
    }
}

#[cfg(test)]
mod tests {
    use habeas_lambda::Tick;
    use habeas_testkit::events;

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("sweep") {
            let read = serde_json::from_str::<Tick>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn what_is_in_vain_for_a_day_is_tried_some_fifteen_times() {
        let (mut since, mut tries) = (TimeDelta::zero(), 0);
        while since <= TimeDelta::days(1) {
            since += again_after(since);
            tries += 1;
        }
        assert_eq!(tries, 15);
    }
}
