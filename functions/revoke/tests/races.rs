//! Revoke against start, ten thousand times, on the table's own conditions: one
//! wins, and each is told what the row says.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use habeas_aws::Table;
use habeas_domain::{
    Digest, Directory, EventKind, Filing, Request, RequestId, Requests, Role, Slots, Status,
};
use habeas_lambda::Reply;
use habeas_local_table::LocalTable;
use habeas_testkit::{Draft, Memory, at, member, reply, request};
use revoke::Revoke;
use serde_json::{Value, json};

const RACES: u32 = 10_000;
const EVENT: &str = include_str!("../../../events/revoke/revoke.json");
const MACHINE: &str = include_str!("../../../statemachines/privacy-request.asl.json");

/// The workflow's claim: the machine's own words, with the values that its
/// expressions compute.
struct Claim {
    condition: String,
    update: String,
}

impl Claim {
    fn of_the_machine() -> Self {
        let machine: Value = serde_json::from_str(MACHINE).unwrap();
        let arguments = &machine["States"]["Claim"]["Arguments"];
        let text = |name: &str| arguments[name].as_str().unwrap().to_owned();
        Self { condition: text("ConditionExpression"), update: text("UpdateExpression") }
    }

    /// Whether the claim has won. A claim that lost to another event of the
    /// timeline is tried again, as the machine does.
    fn run(&self, local: &LocalTable, filed: &Request, now: DateTime<Utc>) -> bool {
        let claimed = filed.clone().with_event(now, EventKind::Started, None, None);
        let event = claimed.timeline.last().unwrap();
        let input = json!({
            "TableName": local.name(),
            "Key": {"pk": {"S": format!("REQ#{}", filed.id)}, "sk": {"S": "REQUEST"}},
            "ConditionExpression": self.condition,
            "UpdateExpression": self.update,
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":seen": {"S": claimed.timeline.seen_head()},
                ":head": {"S": claimed.timeline.head()},
                ":event": {"L": [{"M": {
                    "at": {"S": "2026-01-05T10:04:00Z"},
                    "event": {"S": "started"},
                    "hash": {"S": event.hash},
                }}]},
                ":pending": {"S": "Pending"},
                ":processing": {"S": "Processing"},
                ":me": {"S": "the execution"},
            },
        });
        match local.run("UpdateItem", input) {
            Ok(_) => true,
            Err(error) if error.contains("ConditionalCheckFailed") => false,
            Err(other) => panic!("{other}"),
        }
    }
}

fn filed(number: u32) -> Request {
    let id = RequestId::parse(&format!("019b8d3a-0000-7000-8000-{number:012}")).unwrap();
    Request { id, ..request() }.as_filed()
}

/// Files the first request, and puts its row there under all the other ids:
/// the client, which is slow in a test, is left out.
fn file_all(local: &LocalTable) {
    let slots = Slots { answer: None, twin: Digest::of("any"), preview: None };
    let filing = Filing {
        request: filed(0),
        slots,
        fingerprint: Digest::default(),
        seen_twins: vec![],
        open_twins: vec![],
    };
    block_on(local.table().file(&filing)).unwrap();
    let rows = local.rows();
    let first = rows.iter().find(|row| row["sk"]["S"] == "REQUEST").unwrap();
    for number in 1..RACES {
        let request = filed(number);
        let mut row = first.clone();
        row.insert("pk".into(), json!({"S": format!("REQ#{}", request.id)}));
        row.insert("id".into(), json!({"S": request.id}));
        row.insert("head".into(), json!({"S": request.timeline.head()}));
        row.get_mut("timeline").unwrap()["L"][0]["M"]["hash"]["S"] = json!(request.timeline.head());
        local.run("PutItem", json!({"TableName": local.name(), "Item": row})).unwrap();
    }
}

/// Everything that is stored, by id.
fn stored(local: &LocalTable) -> BTreeMap<RequestId, Request> {
    let rows = local.rows().into_iter().filter(|row| row["sk"]["S"] == "REQUEST");
    let requests = rows.map(|row| {
        let row: HashMap<String, serde_dynamo::AttributeValue> =
            row.into_iter().map(|(name, value)| (name, serde_json::from_value(value).unwrap())).collect();
        serde_dynamo::from_item::<_, Request>(row).unwrap()
    });
    requests.map(|request| (request.id, request)).collect()
}

async fn revoke(revoke: &Revoke<Table, Memory>, request: &Request, now: DateTime<Utc>) -> Reply {
    let call = Draft::of(EVENT).request(&request.id.to_string()).call();
    reply(revoke.answer(&call, now).await)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn of_a_revoke_and_a_claim_exactly_one_wins_and_each_is_told_the_truth() {
    let local = LocalTable::new();
    let now = at("2026-01-05T10:04:00Z");
    let ana = member("amber", "ana@amber.example", Role::Admin);
    block_on(async {
        local.table().upsert_member(&ana, now).await.unwrap();
        assert!(local.table().member(&ana.email).await.unwrap().is_some());
    });
    file_all(&local);
    let (start, took) = (Barrier::new(2), AtomicU64::new(0));
    let (claims, answers) = thread::scope(|scope| {
        let claims = scope.spawn(|| {
            let claim = Claim::of_the_machine();
            let claim = |number: u32| {
                start.wait();
                // Now earlier, now later, by what a revoke takes on this machine.
                let revoke = took.load(Ordering::Relaxed);
                thread::sleep(Duration::from_micros(revoke * u64::from(number % 8) / 5));
                claim.run(&local, &filed(number), now)
            };
            (0..RACES).map(claim).collect::<Vec<_>>()
        });
        let answers = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let function = Revoke { requests: local.table(), notify: Memory::default() };
            let revoke = |number: u32| {
                start.wait();
                let started = Instant::now();
                let status = runtime.block_on(revoke(&function, &filed(number), now)).status();
                let micros = u64::try_from(started.elapsed().as_micros()).unwrap();
                took.store(micros.min(20_000), Ordering::Relaxed);
                status
            };
            (0..RACES).map(revoke).collect::<Vec<_>>()
        });
        (claims.join().unwrap(), answers.join().unwrap())
    });
    let (stored, mut won) = (stored(&local), [0, 0]);
    for (number, (claimed, answer)) in (0..).zip(claims.into_iter().zip(answers)) {
        let stored = &stored[&filed(number).id];
        let expected = if claimed { (Status::Processing, 409) } else { (Status::Canceled, 200) };
        assert_eq!((stored.status, answer), expected, "race {number}");
        assert_eq!(stored.timeline.events().len(), 2, "race {number}");
        assert_eq!(stored.timeline.verify(stored.id), Ok(()), "race {number}");
        won[usize::from(claimed)] += 1;
    }
    assert!(won.iter().all(|wins| *wins > RACES / 100), "both sides won some: {won:?}");
}
