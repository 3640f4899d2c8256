//! Functions that are killed while they work, as they are where a machine fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::{RequestId, Timeline};
use habeas_local::Stack;
use habeas_sample_data::{cast, expected};
use serde_json::{Value, json};

use crate::exports::{flat, ids_of};
use crate::world::{World, journey};

/// A task is tried more often than this.
const KILLS: usize = 3;
const LOOK: Duration = Duration::from_millis(3);
/// A process is killed this long after it came up, each time later: while it
/// starts, while it reads, while it writes.
const LIFETIMES: [Duration; KILLS] =
    [Duration::from_millis(25), Duration::from_millis(60), Duration::from_millis(120)];
/// Whose data were not there before, and are not afterwards.
const PERSON: &str = "killed@aurora.example";

/// Kills processes of a function until it is told to stop.
struct Killer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Killer {
    /// The emulator has a process for each function that was called, and starts
    /// one where there is none. So with the idle ones gone, each that comes up
    /// has something to do.
    fn of(stack: &Stack, function: &'static str) -> Self {
        for idle in stack.processes_of(function).unwrap() {
            stack.kill(idle);
        }
        let (stop, stack) = (Arc::new(AtomicBool::new(false)), stack.clone());
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while seen.len() < KILLS && !stopped.load(Ordering::Relaxed) {
                let found = stack.processes_of(function).unwrap();
                let Some(new) = found.into_iter().find(|pid| !seen.contains(pid)) else {
                    thread::sleep(LOOK);
                    continue;
                };
                thread::sleep(LIFETIMES[seen.len()]);
                stack.kill(new);
                seen.insert(new);
            }
            seen.len()
        });
        Self { stop, thread }
    }

    /// How many it has killed.
    fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Files a request and kills functions while they work on it.
async fn ended_despite(world: &World, body: &Value, functions: &[&'static str]) -> (String, Value) {
    let admin = world.admin().await;
    let killers: Vec<_> = functions.iter().map(|function| Killer::of(&world.stack, function)).collect();
    let id = world.file(&admin, body);
    let started = Instant::now();
    let request = world.ended(&admin, &id).await;
    let killed: usize = killers.into_iter().map(Killer::stop).sum();
    assert!(killed >= functions.len(), "{killed} processes killed in {:?}", started.elapsed());
    assert_eq!(request["status"], "Completed", "{request}");
    let timeline: Timeline = serde_json::from_value(request["timeline"].clone()).unwrap();
    timeline.verify(RequestId::parse(&id).unwrap()).unwrap();
    let work = &world.stack.state().work_bucket;
    assert_eq!(world.objects(work, &format!("work/{id}/")).await, []);
    (id, request)
}

#[test]
fn an_export_whose_functions_are_killed_is_the_same_in_the_end() {
    journey(async |world| {
        let person = &cast().exported[0];
        let body = json!({"kind": "export", "subjects": [person]});
        let (id, _) = ended_despite(&world, &body, &["plan", "collect", "package", "tidy"]).await;
        let zip = world.download(&world.admin().await, &id);
        assert_eq!(ids_of(&zip, person), flat(&expected(&world.data, person, None).unwrap()));
        let archives = &world.stack.state().archive_bucket;
        let prefix = format!("archives/{id}");
        assert_eq!(world.objects(archives, &prefix).await.len(), 1);
        let s3 = world.stack.s3_of(archives);
        let open = s3.list_multipart_uploads().bucket(archives).prefix(&prefix).send().await.unwrap();
        assert!(open.uploads().is_empty(), "an upload is left open");
    });
}

#[test]
fn a_deletion_whose_functions_are_killed_erases_all_and_nothing_else() {
    journey(async |world| {
        let member = json!({"account_id": "aurora", "email": PERSON, "name": "Kil Led", "role": "member"});
        crate::world::learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &member).await;
        let before = world.stack.snapshot_sources().await.unwrap();
        for number in 0..60 {
            put_message(&world, number).await;
        }
        let body = json!({"kind": "delete", "subjects": [PERSON], "confirm": true});
        let (_, request) = ended_despite(&world, &body, &["collect", "erase", "verify"]).await;
        assert_eq!(request["counts"][PERSON]["chat"], json!(60));
        assert!(before.changes(&world.stack.snapshot_sources().await.unwrap()).is_empty());
    });
}

async fn put_message(world: &World, number: u32) {
    let text = |text: &str| AttributeValue::S(text.into());
    let put = world.stack.clients().dynamodb.put_item().table_name("meetings-app-chat_messages");
    let put = put.item("channel_id", text("of-a-kill")).item("message_id", text(&number.to_string()));
    let put = put.item("account_id", text("aurora")).item("sender_email", text(PERSON));
    put.item("sent_at", text("2026-03-01T00:00:00Z")).item("text", text("hello")).send().await.unwrap();
}
