//! `POST /v1/requests/preview`: counts what a deletion would list, before it is filed.

mod census;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use habeas_domain::{
    Action, Directory, EmailAddress, Member, Order, Participants, Preview, Previews, Problem, all_known, may,
};
use habeas_lambda::{Call, Fault, Reply, caller, chain, known_people};
use habeas_sources::SourceError;
use serde_json::{Value, json};
use tokio::time::timeout;

pub use census::{Census, Counted, Counts, DataMapCensus};

/// API Gateway gives an answer up after 30 s: this leaves time to look who asks
/// and to keep what was counted.
pub const COUNTED_WITHIN: Duration = Duration::from_secs(20);

/// As large as an order that is filed.
const BODY_BYTES_MAX: usize = 64 << 10;

/// The ports that a preview takes, and how long it may count.
#[derive(Debug)]
pub struct PreviewDeletion<D, P, C, V> {
    pub directory: D,
    pub participants: P,
    pub census: C,
    pub previews: V,
    pub within: Duration,
}

impl<D: Directory, P: Participants, C: Census, V: Previews> PreviewDeletion<D, P, C, V> {
    /// Counts what the deletion of a call would list, and keeps the counts under
    /// the digest that the deletion can name. Whoever may not file it is told
    /// what they would be told then.
    pub async fn answer(&self, call: &Call, at: DateTime<Utc>) -> Result<Reply, Fault> {
        let caller = caller(call)?;
        let order = order(call);
        let people = order.as_ref().map_or(&[][..], |order| &order.subjects);
        // Whoever is nobody here is told so first, whatever they send.
        let asked = self.directory.member_and(&caller, people).await?;
        let (member, known) = asked.ok_or_else(Problem::unknown_member)?;
        let order = order?;
        may(member.role, Action::FileDeletion).map_err(Problem::from)?;
        let counting = timeout(self.within, self.count(&order, &member, known));
        let counts = counting.await.map_err(|_| Problem::preview_too_large())??;
        let people = counts.iter().map(|(person, of)| (person.clone(), tally(of))).collect();
        let preview = Preview::of(&member.account, &order, &people, at);
        self.previews.keep(&member.account, &preview).await?;
        Ok(Reply::ok(view(&preview, &counts)))
    }

    async fn count(&self, order: &Order, member: &Member, known: Vec<EmailAddress>) -> Result<Counts, Fault> {
        let known = known_people(&self.participants, order, member, known).await?;
        all_known(order, &known)?;
        let counted = self.census.count(&member.account, &order.subjects, &order.data_types).await;
        counted.map_err(|error| failed(&error))
    }
}

fn order(call: &Call) -> Result<Order, Problem> {
    let json = call.json(BODY_BYTES_MAX)?;
    call.only_queries(&[])?;
    Order::parse_preview(&json)
}

/// What one source hides from the counts, it would hide from whoever decides by them.
fn failed(error: &SourceError) -> Fault {
    tracing::error!(error = chain(error), "a source could not be counted");
    Problem::source_unavailable(error).into()
}

fn tally(of: &BTreeMap<String, Counted>) -> BTreeMap<String, u64> {
    of.iter().map(|(source, counted)| (source.clone(), counted.count)).collect()
}

fn view(preview: &Preview, counts: &Counts) -> Value {
    json!({
        "digest": preview.digest,
        "counted_at": time(preview.counted_at),
        "valid_until": time(preview.valid_until()),
        "data_types": preview.data_types,
        "people": counts,
        "totals": preview.totals,
    })
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
