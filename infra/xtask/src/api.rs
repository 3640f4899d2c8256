//! Calls of the HTTP API that schemathesis makes up from `infra/openapi.json`,
//! right ones and wrong ones, and what the document says of the answers.
//!
//! What is called how often, and what is not checked and why, stands in
//! `infra/schemathesis.toml`.

use std::fs;
use std::process::Command;
use std::time::Duration;

use habeas_local::{Api, Response, Stack, UpOptions, Venv, target_dir};
use habeas_sample_data::{cast, generate};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::checks::{EXPORT_WAIT_SECONDS, TEST_STACK};
use crate::ui::Ui;
use crate::{Outcome, build, import, root};

/// The newest that runs with Python 3.10. The other two decide what a seed makes
/// of a document: with newer ones, the same seed would be other calls.
const PACKAGES: &[&str] = &["schemathesis==4.30.1", "hypothesis==6.168.5", "jsonschema-rs==0.58.6"];

/// What the calls file does not start while they go on: dozens of workflows would
/// take the machine from them, and nothing could be revoked.
const WAIT_SECONDS: u32 = 3_600;

/// An export of one person of whom nothing is held takes a few seconds.
const EXPORT_SECONDS_MAX: u32 = 90;

/// Made-up calls file some sixty requests. Hardly any would mean that they are
/// turned away at the door, and that nothing behind it was tried.
const FILED_MIN: usize = 20;

/// Made-up calls change settings some sixty times.
const CHANGED_MIN: usize = 20;

/// Calls the API of a freshly deployed stack.
pub(crate) async fn run(ui: &Ui) -> Outcome {
    let options = UpOptions::new(&root(), TEST_STACK)?;
    let stack = Stack::up(&options.clone().waits(EXPORT_WAIT_SECONDS, WAIT_SECONDS), ui).await?;
    learn_people(&stack, ui).await?;
    let api = stack.api_as(&cast().admin).await?;
    let finished = finished_export(&api).await?;
    let (terms, classes) = consent(&api)?;
    let stack = Stack::up(&options.waits(WAIT_SECONDS, WAIT_SECONDS), ui).await?;
    ui.finish();
    let there = [
        ("HABEAS_API_PEOPLE", people().join(",")),
        ("HABEAS_API_FINISHED", finished),
        ("HABEAS_API_TERMS", terms),
        ("HABEAS_API_CLASSES", classes.join(",")),
    ];
    schemathesis(&stack, there).await?;
    check_left(&api, "/v1/requests?limit=100", "requests", FILED_MIN)?;
    check_left(&api, "/v1/settings/ledger?limit=100", "entries", CHANGED_MIN)
}

/// The generated data's people, without what is held of them: the calls are
/// about requests, and no request of theirs gets as far as the data.
async fn learn_people(stack: &Stack, ui: &Ui) -> Outcome {
    let dir = target_dir(&root()).join("api").join("data");
    generate(&dir)?;
    import::folder(stack, &dir, ui).await
}

/// Members of the caller's account to file for.
fn people() -> Vec<String> {
    let cast = cast();
    let mut people = cast.exported.to_vec();
    people.extend([cast.deleted, cast.spared, cast.member]);
    people
}

/// The id of an export whose archive is there, so that links can be made.
async fn finished_export(api: &Api) -> Outcome<String> {
    let order = json!({"kind": "export", "subjects": [cast().admin]});
    let filed = json_of(&api.post("/v1/requests", &order)?, 201)?;
    let id = filed["id"].as_str().ok_or("the reply to a filing has no `id`")?;
    for _ in 0..EXPORT_SECONDS_MAX {
        let request = json_of(&api.get(&format!("/v1/requests/{id}"))?, 200)?;
        match request["status"].as_str() {
            Some("Completed") => return Ok(id.to_owned()),
            Some("Pending" | "Processing") => sleep(Duration::from_secs(1)).await,
            _ => return Err(format!("the export ended {}: {}", request["status"], request["failure"]).into()),
        }
    }
    Err(format!("the export {id} was not finished after {EXPORT_SECONDS_MAX} s").into())
}

/// What consent can be given to and for: the version of the terms that holds,
/// and the classes of content.
fn consent(api: &Api) -> Outcome<(String, Vec<String>)> {
    let shown = json_of(&api.get("/v1/settings/account")?, 200)?;
    let training = &shown["settings"]["ai_training"];
    let terms = training["terms_version"].as_str().ok_or("the settings show no version of the terms")?;
    let classes = training["value"].as_object().ok_or("the settings show no classes of content")?;
    Ok((terms.to_owned(), classes.keys().cloned().collect()))
}

/// Calls the API, where there is what made-up calls name.
async fn schemathesis(stack: &Stack, there: [(&str, String); 4]) -> Outcome {
    let (root, infra) = (root(), root().join("infra"));
    let venv = Venv::ensure_with(&root, "venv-api", PACKAGES)?;
    let dir = target_dir(&root).join("api");
    fs::create_dir_all(&dir)?;
    let mut calls = Command::new(venv.bin("schemathesis"));
    // What it leaves behind belongs under `target`, and Python's caches too.
    calls.current_dir(dir).env("PYTHONDONTWRITEBYTECODE", "1");
    // No proxy stands between this machine and itself.
    calls.env("no_proxy", "127.0.0.1");
    // The token goes by the environment, where the list of processes does not show it.
    calls.env("HABEAS_API_TOKEN", stack.token(&cast().admin).await?);
    calls.envs(there);
    calls.env("SCHEMATHESIS_HOOKS", infra.join("schemathesis_hooks.py"));
    calls.arg("--config-file").arg(infra.join("schemathesis.toml"));
    calls.arg("run").arg(infra.join("openapi.json")).args(["--url", &stack.state().api_url]);
    build::run(&mut calls, "schemathesis")
}

/// Whether enough of what made-up calls were to do was done.
fn check_left(api: &Api, path: &str, kind: &str, least: usize) -> Outcome {
    let page = json_of(&api.get(path)?, 200)?;
    let left = page[kind].as_array().map_or(0, Vec::len);
    if left < least {
        let hint = "see infra/schemathesis_hooks.py";
        return Err(format!("made-up calls left only {left} {kind} at {path}: {hint}").into());
    }
    println!("made-up calls left {left} {kind} at {path}");
    Ok(())
}

/// The reply's JSON, where it has the status it should have.
fn json_of(reply: &Response, status: u16) -> Outcome<Value> {
    if reply.status == status {
        return Ok(reply.json()?);
    }
    Err(format!("the API answered {} where {status} was expected: {}", reply.status, reply.text()).into())
}
