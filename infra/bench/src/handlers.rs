use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use download::Download;
use habeas_domain::Stamp;
use habeas_lambda::{Call, Fault, Reply};
use habeas_testkit::{Draft, Memory};
use history::History;
use intake::Intake;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use revoke::Revoke;
use serde_json::json;

use crate::scene::{Scene, WAITS, id, now, people};

/// What one call of a handler costs.
#[derive(Debug, Clone)]
pub struct Cost {
    pub handler: &'static str,
    /// Calls of DynamoDB, by operation.
    pub calls: BTreeMap<String, usize>,
    pub most: Limit,
    pub capacity_units: f64,
    /// Of user and system, the median of the repetitions.
    pub cpu: Duration,
}

/// How many calls of DynamoDB a handler may make.
#[derive(Debug, Clone, Copy)]
pub struct Limit(pub usize);

impl Cost {
    #[must_use]
    pub fn is_within_limit(&self) -> bool {
        self.calls.values().sum::<usize>() <= self.most.0
    }
}

/// Measures every handler, each `repetitions` times, with a history of
/// `requests` requests to page in.
pub async fn handlers(repetitions: u32, requests: u32) -> Vec<Cost> {
    let history = Scene::new().await;
    history.with_history(requests).await;
    let person = Scene::person();
    vec![
        intake(repetitions).await,
        revoke(repetitions).await,
        download(repetitions).await,
        one(repetitions).await,
        page("history: a page", repetitions, &history, &[]).await,
        page("history: about a person", repetitions, &history, &[("subject", person.as_str())]).await,
        page("history: nothing found", repetitions, &history, &[("status", "Canceled")]).await,
    ]
}

async fn intake(repetitions: u32) -> Cost {
    let scene = Scene::new().await;
    let table = scene.local.table();
    let intake = Intake {
        directory: table.clone(),
        participants: Memory::default(),
        requests: table,
        executions: Memory::default(),
        waits: WAITS,
    };
    let event = include_str!("../../../events/intake/export.json");
    measure("intake of 50 people", Limit(3), &scene, repetitions, async |number| {
        // Another range each time, or it would be the same again.
        let to = now().date_naive() + TimeDelta::days(i64::from(number));
        let range = json!({"from": "2026-01-01", "to": to});
        let body = json!({"kind": "export", "subjects": people(), "date_range": range}).to_string();
        let call = Draft::of(event).header("idempotency-key", &number.to_string()).body(body).call();
        intake.answer(&call, Stamp { id: id(number), at: now() }).await
    })
    .await
}

async fn revoke(repetitions: u32) -> Cost {
    let scene = Scene::new().await;
    for number in 0..repetitions {
        scene.filed(number, &people()).await;
    }
    let revoke = Revoke { requests: scene.local.table(), notify: Memory::default() };
    let event = include_str!("../../../events/revoke/revoke.json");
    measure("revoke", Limit(2), &scene, repetitions, async |number| {
        revoke.answer(&about(event, number), now()).await
    })
    .await
}

async fn download(repetitions: u32) -> Cost {
    let scene = Scene::new().await;
    for number in 0..repetitions {
        scene.completed(number).await;
    }
    let download =
        Download { requests: scene.local.table(), archives: Memory::default(), link: TimeDelta::minutes(5) };
    let event = include_str!("../../../events/download/link.json");
    measure("download", Limit(2), &scene, repetitions, async |number| {
        download.answer(&about(event, number), now()).await
    })
    .await
}

async fn one(repetitions: u32) -> Cost {
    let scene = Scene::new().await;
    scene.filed(0, &people()).await;
    let history = reading(&scene);
    let event = include_str!("../../../events/history/one.json");
    measure("history: one request", Limit(1), &scene, repetitions, async |_| {
        history.answer(&about(event, 0), now()).await
    })
    .await
}

/// One call says who asks; the others are the page. A page without a filter is
/// one, about a person two, and a filter that finds nothing looks at ten times
/// a hundred rows.
async fn page(handler: &'static str, repetitions: u32, scene: &Scene, query: &[(&str, &str)]) -> Cost {
    let history = reading(scene);
    let event = include_str!("../../../events/history/page.json");
    let most = match query {
        [] => 2,
        [("subject", _)] => 3,
        _ => 11,
    };
    measure(handler, Limit(most), scene, repetitions, async |_| {
        history.answer(&Draft::of(event).query(query).call(), now()).await
    })
    .await
}

fn reading(scene: &Scene) -> History<habeas_aws::Table, habeas_aws::Table> {
    let table = scene.local.table();
    History { directory: table.clone(), requests: table, page_requests_max: 100 }
}

fn about(event: &str, number: u32) -> Call {
    Draft::of(event).request(&id(number).to_string()).call()
}

async fn measure(
    handler: &'static str,
    most: Limit,
    scene: &Scene,
    repetitions: u32,
    call: impl AsyncFn(u32) -> Result<Reply, Fault>,
) -> Cost {
    let mut times = Vec::new();
    let consumed = scene.local.consumed();
    let mut calls = BTreeMap::new();
    for number in 0..repetitions {
        scene.local.forget_calls();
        let before = cpu();
        let reply = call(number).await.expect("a call that is done");
        times.push(cpu().saturating_sub(before));
        assert!(reply.status() < 300, "{handler} answered {}", reply.status());
        calls.clear();
        for operation in scene.local.calls() {
            *calls.entry(operation).or_insert(0) += 1;
        }
    }
    times.sort();
    let capacity_units = (scene.local.consumed() - consumed) / f64::from(repetitions);
    Cost { handler, calls, most, capacity_units, cpu: times[times.len() / 2] }
}

/// The processor's time of this process so far.
fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the usage of this process");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
