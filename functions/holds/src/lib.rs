//! `/v1/holds`: places legal holds, shows them and releases them. Held data are
//! not erased; on release, the sweep files a follow-up of what was kept.

mod map;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use habeas_aws::Table;
use habeas_domain::{
    AccountId, Action, HELD_FIELDS_MAX, HOLDS_MAX, HeldNote, Hold, HoldBook, HoldId, HoldOrder, Member,
    Problem, Released, RequestId, Requests, StoreError, may,
};
use habeas_lambda::{Call, Fault, Reply, chain, pause, signed_in};
use habeas_sources::DataMap;
use serde_json::{Value, json};

/// How often a change is tried that others of the same account overtake.
const ATTEMPTS_MAX: u32 = 8;

/// When a change that lost to others is worth another try.
const RETRY_SECONDS: u32 = 1;

/// A hold has one line and two texts of a thousand bytes at the most.
const BODY_BYTES_MAX: usize = 16 << 10;

/// How many of the requests of which something is held are shown of each hold: the newest.
const HOLDING_SHOWN_MAX: usize = 100;

/// What one batch can fetch.
const BATCH_ROWS_MAX: usize = 100;

/// What handling holds takes. The map says which records can be held.
#[derive(Debug)]
pub struct Holds {
    pub table: Table,
    pub map: DataMap,
}

impl Holds {
    /// Answers a call by its route. A hold that is placed gets the id.
    pub async fn answer(&self, call: &Call, id: HoldId, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let member = signed_in(&self.table, call).await?;
        may(member.role, Action::HandleHolds).map_err(Problem::from)?;
        match call.route() {
            "POST /v1/holds" => self.place(call, &member, id, now).await,
            "GET /v1/holds" => self.list(call, &member.account).await,
            "GET /v1/holds/{id}" => self.show(call, &member.account).await,
            _ => self.release(call, &member, now).await,
        }
    }

    /// Deletions that erase when the hold is placed are not stopped any more:
    /// whoever places it is told which. It is placed on the condition that no
    /// other has begun.
    async fn place(
        &self,
        call: &Call,
        member: &Member,
        id: HoldId,
        now: DateTime<Utc>,
    ) -> Result<Reply, Fault> {
        call.only_queries(&[])?;
        let order = HoldOrder::parse(&call.json(BODY_BYTES_MAX)?, |source, field| {
            map::wrong(&self.map, source, field)
        })?;
        let hold = Hold::place(order, id, member, now);
        for attempt in 0..ATTEMPTS_MAX {
            let seen = self.table.hold_book(&member.account).await?;
            if seen.is_full() {
                return Err(too_many().into());
            }
            if seen.has_no_field_for(&hold.on) {
                return Err(too_many_fields().into());
            }
            match self.table.place_hold(&hold, &seen).await {
                Ok(()) => return self.placed(&hold, &seen).await,
                Err(StoreError::Conflict) => pause(attempt).await,
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(busy(&member.account))
    }

    async fn placed(&self, hold: &Hold, seen: &HoldBook) -> Result<Reply, Fault> {
        tracing::info!(account = %hold.account, hold = %hold.id, "hold placed");
        let erasing: Vec<_> = seen.erasing.keys().copied().collect();
        let too_late_for = match self.open_among(&hold.account, &erasing).await {
            Ok(open) => open,
            // The hold stands: one too many is named rather than the call failed.
            Err(fault) => {
                tracing::warn!(error = chain(&fault), "not known which deletions have ended");
                erasing
            }
        };
        let mut view = hold.view();
        view["too_late_for"] = json!(too_late_for);
        Ok(Reply::created(format!("/v1/holds/{}", hold.id), view))
    }

    /// What broke off while it was erasing stays in the book, and erases no more.
    async fn open_among(&self, account: &AccountId, ids: &[RequestId]) -> Result<Vec<RequestId>, StoreError> {
        let mut open = Vec::new();
        for ids in ids.chunks(BATCH_ROWS_MAX) {
            open.extend(Requests::open_among(&self.table, account, ids).await?);
        }
        Ok(open)
    }

    async fn list(&self, call: &Call, account: &AccountId) -> Result<Reply, Fault> {
        call.only_queries(&["released"])?;
        match call.query("released") {
            Some("true") => {
                let released = self.table.released_holds(account).await?;
                let holds: Vec<_> = released.iter().map(Released::view).collect();
                Ok(Reply::ok(json!({ "holds": holds })))
            }
            None | Some("false") => {
                let book = self.table.hold_book(account).await?;
                let holding = Holding::of(&self.table.held_notes(account).await?);
                let holds: Vec<_> = book.holds.iter().rev().map(|hold| holding.view(hold)).collect();
                Ok(Reply::ok(json!({ "holds": holds })))
            }
            Some(_) => Err(Problem::malformed("The query parameter `released` is true or false.").into()),
        }
    }

    async fn show(&self, call: &Call, account: &AccountId) -> Result<Reply, Fault> {
        let id = call.hold_id()?;
        call.only_queries(&[])?;
        let book = self.table.hold_book(account).await?;
        let hold = book.hold(id).ok_or_else(Problem::not_found)?;
        let holding = Holding::of(&self.table.held_notes(account).await?);
        Ok(Reply::ok(holding.view(hold)))
    }

    /// Releases a hold together with the notes of what it has held: from that
    /// write on, the sweep files their follow-ups. Notes are read after the book,
    /// so that one which comes in between makes its version an old one.
    async fn release(&self, call: &Call, member: &Member, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let id = call.hold_id()?;
        call.only_queries(&[])?;
        for attempt in 0..ATTEMPTS_MAX {
            let seen = self.table.hold_book(&member.account).await?;
            let hold = seen.hold(id).ok_or_else(Problem::not_found)?;
            let notes = self.table.held_notes(&member.account).await?;
            let waiting = notes.iter().filter(|note| note.waits_for(id));
            let follow_ups_of: Vec<_> = waiting.map(|note| note.request).collect();
            let released = hold.clone().release(member, now);
            match self.table.release_hold(&released, &seen, &follow_ups_of).await {
                Ok(()) => {
                    tracing::info!(account = %member.account, hold = %id, "hold released");
                    return Ok(Reply::ok(json!({ "released": id, "follow_ups_of": follow_ups_of })));
                }
                Err(StoreError::Conflict) => pause(attempt).await,
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(busy(&member.account))
    }
}

/// The requests of which each hold keeps something, newest first.
struct Holding(BTreeMap<HoldId, Vec<RequestId>>);

impl Holding {
    fn of(notes: &[HeldNote]) -> Self {
        let mut holding: BTreeMap<HoldId, Vec<RequestId>> = BTreeMap::new();
        for note in notes.iter().rev() {
            for hold in note.holds.iter().filter(|hold| note.waits_for(**hold)) {
                let requests = holding.entry(*hold).or_default();
                if requests.len() < HOLDING_SHOWN_MAX {
                    requests.push(note.request);
                }
            }
        }
        Self(holding)
    }

    fn view(&self, hold: &Hold) -> Value {
        let mut view = hold.view();
        view["holding"] = json!(self.0.get(&hold.id).map(Vec::as_slice).unwrap_or_default());
        view
    }
}

fn too_many() -> Problem {
    full(format!("The account has {HOLDS_MAX} holds, which is the most there can be."))
}

fn too_many_fields() -> Problem {
    full(format!(
        "The account's holds are on {HELD_FIELDS_MAX} fields of records, which is the most there can be."
    ))
}

fn full(detail: String) -> Problem {
    let detail = format!("{detail} Release one that is no longer needed, or place a wider one.");
    Problem::new(409, "too-many-holds", "Too many holds", detail)
}

fn busy(account: &AccountId) -> Reply {
    tracing::info!(%account, "a change of holds lost to others too often");
    let detail = "Others are changing holds of the same account just now, or deletions of it begin; \
                  nothing was changed. Send the call again in a second.";
    Reply::problem(&Problem::new(503, "busy", "Busy", detail)).with_retry_after(RETRY_SECONDS)
}
