//! The state machine, as far as its tasks go: it calls them in its order, again
//! where one fails for the time being, and writes the claim and the end itself.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, TimeDelta, Utc};
use collect::Done as Collected;
use habeas_aws::{Macs, Mailer, Signer};
use habeas_domain::{EventKind, Kind, Request, Requests};
use habeas_lambda::{TaskError, names};
use habeas_testkit::{at, at_once};
use habeas_work::{Expiry, Ground, UnitInput};
use notify::{Language, Notify};
use package::Package;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidy::Tidy;
use tokio::runtime::{Builder, Runtime};
use verify::Verify;

use crate::world::World;

/// More often than any task has to be tried here.
const TRIES_MAX: usize = 8;

/// More steps than any task takes here.
const STEPS_MAX: usize = 200;

/// What the machine waits before it tries again is more than a mail's claim lasts.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// How much time a task has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// More than it needs.
    Steady,
    /// Less than a source may take to answer: it does one thing, and returns.
    Late,
}

/// A clock that stands still: timers can be set, and nobody turns it.
static CLOCK: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

pub(crate) struct Machine<'a> {
    world: &'a World,
    request: Request,
    pace: Pace,
    now: Cell<DateTime<Utc>>,
    /// Whether the task that is at work has failed or died before.
    is_again: Cell<bool>,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(world: &'a World, request: &Request, pace: Pace) -> Self {
        let now = Cell::new(at("2026-01-05T10:05:00Z"));
        Self { world, request: request.clone(), pace, now, is_again: Cell::default() }
    }

    /// From the mail that tells of the receipt to the one that tells of the end.
    pub(crate) fn run(&self) {
        let (machine, id) = (definition(), self.request.id);
        let about = json!({"account": self.request.account, "request": id});
        let tell = |mail: &str| {
            let event = json!({"mail": mail, "account": self.request.account, "request": id});
            self.insist(async || self.notify().tell(&input(&event), self.now.get()).await);
        };
        tell("received");
        self.append(&machine["Claim"], EventKind::Started, None, &Value::Null);
        let planned = self.insist(async || plan::plan(&self.ground(), &input(&about)).await);
        let planned = serde_json::to_value(planned).unwrap();
        let units: Vec<String> = serde_json::from_value(planned["units"].clone()).unwrap();
        let collected = units.iter().map(|unit| {
            self.step_by_step(|cursor| {
                let input = self.unit_input::<Collected>(unit, cursor);
                async move {
                    let (ground, macs) = (self.ground(), self.macs());
                    collect::collect(&ground, &macs, input, self.now.get(), self.deadline()).await
                }
            })
        });
        let steps = collected.map(|done| done["cursor"]["step"].clone());
        let collected: Vec<_> =
            units.iter().zip(steps).map(|(unit, steps)| json!({"unit": unit, "steps": steps})).collect();
        let result = match self.request.kind {
            Kind::Export => self.step_by_step(|before| {
                let mut event = about.clone();
                event["units"] = json!(units);
                event["collected"] = json!(collected);
                event["again"] = json!(!before.is_null() || self.is_again.get());
                async move { self.package().package(&input(&event), self.now.get(), self.deadline()).await }
            }),
            Kind::Delete => {
                for unit in &units {
                    self.step_by_step(|cursor| {
                        let input = self.unit_input(unit, cursor);
                        async move {
                            let ground = self.ground();
                            erase::erase(&ground, input, self.now.get(), self.deadline()).await
                        }
                    });
                }
                self.step_by_step(|before| {
                    let step = before["step"].as_u64().unwrap_or_default();
                    let input = json!({"account": self.request.account, "request": id, "step": step});
                    async move {
                        let input: verify::Input = serde_json::from_value(input).unwrap();
                        self.verify().verify(&input, self.now.get(), self.deadline()).await
                    }
                })
            }
        };
        let receipt = result["receipt"].as_str().map(|receipt| format!("receipt {receipt}"));
        self.append(&machine["Complete"], EventKind::Completed, receipt, &result["archive"]);
        self.insist(async || self.tidy().tidy(&input(&about), self.now.get()).await);
        tell("ended");
    }

    /// Does a task until it is done, and again where it says that it did not get through.
    fn insist<T>(&self, task: impl AsyncFn() -> Result<T, TaskError>) -> T {
        let _entered = CLOCK.enter();
        for attempt in 0..TRIES_MAX {
            self.is_again.set(attempt > 0);
            // A task that has to wait for its time is killed, too.
            let done = at_once(task());
            let died = self.world.aws.revive();
            match done {
                Some(Ok(done)) if !died => return done,
                Some(Err(error)) if !died && !is_transient(&error) => {
                    panic!("{}: {error} {:?}", error.name(), std::error::Error::source(&error));
                }
                _ => self.now.set(self.now.get() + PAUSE),
            }
        }
        panic!("the task is never done");
    }

    /// Does the steps of a task, each with what the one before it returned.
    fn step_by_step<T: serde::Serialize, F: Future<Output = Result<T, TaskError>>>(
        &self,
        step: impl Fn(&Value) -> F,
    ) -> Value {
        let mut before = Value::Null;
        for _ in 0..STEPS_MAX {
            let done = self.insist(async || step(&before).await);
            before = serde_json::to_value(done).unwrap();
            if before["done"] == true {
                return before;
            }
        }
        panic!("the steps have no end");
    }

    fn unit_input<C: DeserializeOwned>(&self, unit: &str, before: &Value) -> UnitInput<C> {
        let mut event = json!({"account": self.request.account, "request": self.request.id, "unit": unit});
        event["again"] = json!(self.is_again.get());
        if let Some(cursor) = before.get("cursor") {
            event["cursor"] = cursor.clone();
        }
        serde_json::from_value(event).unwrap()
    }

    /// Writes the next event of the timeline by the words of a state.
    fn append(&self, state: &Value, event: EventKind, detail: Option<String>, archive: &Value) {
        let table = self.world.aws.table();
        let found = at_once(table.table().get(&self.request.account, self.request.id));
        let request = found.unwrap().unwrap().unwrap();
        let seen = request.timeline.head().to_owned();
        let next = request.with_event(self.now.get(), event, None, detail);
        let last = serde_json::to_value(next.timeline.last().unwrap()).unwrap();
        let words = &state["Arguments"];
        let all = json!({
            ":seen": {"S": seen},
            ":head": {"S": next.timeline.head()},
            ":event": {"L": [habeas_aws::typed(&last)]},
            ":pending": {"S": "Pending"},
            ":processing": {"S": "Processing"},
            ":completed": {"S": "Completed"},
            ":me": {"S": "the execution"},
            ":now": {"S": "2026-01-05T10:10:00Z"},
            ":archive": archive,
            ":ttl": {"N": "1800000000"},
        });
        let said = format!("{}{}", words["ConditionExpression"], words["UpdateExpression"]);
        let is_said =
            |name: &str| said.split(|c: char| !(c == ':' || c.is_alphanumeric())).any(|w| w == name);
        let values = all.as_object().unwrap().iter().filter(|(name, _)| is_said(name));
        let update = json!({
            "TableName": table.name(),
            "Key": {"pk": {"S": format!("REQ#{}", self.request.id)}, "sk": {"S": "REQUEST"}},
            "ConditionExpression": words["ConditionExpression"],
            "UpdateExpression": words["UpdateExpression"],
            "ExpressionAttributeNames": words["ExpressionAttributeNames"],
            "ExpressionAttributeValues": values.map(|(k, v)| (k.clone(), v.clone())).collect::<Value>(),
        });
        table.run("UpdateItem", update).unwrap();
    }

    fn deadline(&self) -> Instant {
        let left = match self.pace {
            Pace::Steady => Duration::from_secs(3_600),
            Pace::Late => Duration::from_secs(30),
        };
        Instant::now() + left
    }
}

/// The functions, made anew each time but for their clients: nothing that one
/// remembers outlives it.
impl Machine<'_> {
    fn ground(&self) -> Ground {
        self.world.ground.clone()
    }

    fn macs(&self) -> Macs {
        Macs::new(&self.world.clients, "digests".into())
    }

    fn package(&self) -> Package {
        Package { ground: self.ground(), archives: self.world.archives.clone(), keep: Days::new(90) }
    }

    fn verify(&self) -> Verify {
        let ground = self.ground();
        Verify {
            expiry: Expiry { table: ground.table.clone(), archives: self.world.archives.clone() },
            macs: self.macs(),
            signer: Signer::new(&self.world.clients, "receipts".into()),
            ground,
        }
    }

    fn tidy(&self) -> Tidy {
        Tidy { table: self.ground().table, work: self.ground().work, archives: self.world.archives.clone() }
    }

    fn notify(&self) -> Notify {
        Notify {
            table: self.ground().table,
            mailer: Mailer::new(&self.world.clients, "habeas@habeas.example".into(), "mails".into()),
            language: Language::parse("en").unwrap(),
            operator: None,
            page_url: "https://privacy.habeas.example/".into(),
        }
    }
}

fn is_transient(error: &TaskError) -> bool {
    matches!(error.name(), names::UNAVAILABLE | names::SOURCE_UNAVAILABLE)
}

fn input<T: DeserializeOwned>(event: &Value) -> T {
    serde_json::from_value(event.clone()).unwrap()
}

/// The states of the machine, by name.
fn definition() -> Value {
    let text = include_str!("../../statemachines/privacy-request.asl.json");
    serde_json::from_str::<Value>(text).unwrap()["States"].take()
}
