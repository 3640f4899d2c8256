//! The state machine and the functions agree on names and inputs.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use habeas_lambda::names;
use habeas_testkit::events;
use serde_json::{Map, Value};

/// All names that functions give their errors.
const NAMES: [&str; 9] = [
    names::UNAVAILABLE,
    names::SOURCE_UNAVAILABLE,
    names::SOURCE_UNREADABLE,
    names::SOURCE_FAILED,
    names::CHANGED_SINCE_PREVIEW,
    names::STILL_THERE,
    names::BAD_EVENT,
    names::INCOMPLETE,
    names::NO_BUCKET,
];

fn read(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../statemachines");
    serde_json::from_str(&fs::read_to_string(folder.join(format!("{name}.asl.json"))).unwrap()).unwrap()
}

/// The machine that carries a request through.
fn machine() -> Value {
    read("privacy-request")
}

/// All machines, as one value.
fn machines() -> Value {
    Value::Array(vec![machine(), read("relocation")])
}

/// All objects in a value, itself and the nested ones.
fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Object(map) => std::iter::once(map).chain(map.values().flat_map(objects)).collect(),
        Value::Array(list) => list.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// The texts of a list that may not be there.
fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn retriers(machine: &Value) -> impl Iterator<Item = &Value> {
    objects(machine).into_iter().filter_map(|state| state.get("Retry")?.as_array()).flatten()
}

#[test]
fn every_error_of_ours_that_the_machine_names_is_thrown_by_somebody() {
    let machine = machines();
    let failing =
        objects(&machine).into_iter().filter(|state| state.get("Type") == Some(&Value::from("Fail")));
    let thrown: BTreeSet<_> = failing.filter_map(|state| state["Error"].as_str()).chain(NAMES).collect();
    let text = machine.to_string();
    let named: BTreeSet<_> = text
        .match_indices("Habeas.")
        .map(|(at, _)| {
            let end = text[at..].find(|c: char| !c.is_alphanumeric() && c != '.').unwrap();
            &text[at..at + end]
        })
        .collect();
    assert!(named.contains(names::UNAVAILABLE));
    let unknown: Vec<_> = named.difference(&thrown).collect();
    assert!(unknown.is_empty(), "thrown by nobody: {unknown:?}");
}

/// The text of a hash that a state computes.
fn hashed(expression: &Value) -> String {
    let text = expression.to_string();
    let start = text.find("$hash(").unwrap();
    text[start..start + text[start..].find("'SHA-256')").unwrap()].to_owned()
}

#[test]
fn a_claim_goes_on_with_the_head_that_it_has_written() {
    let claim = &machine()["States"]["Claim"];
    let written = hashed(&claim["Arguments"]["ExpressionAttributeValues"]);
    let at = "' & $substring($states.context.State.EnteredTime, 0, 19) & 'Z";
    assert_eq!(hashed(&claim["Output"]), written.replace("' & $at & '", at));
}

#[test]
fn nothing_is_retried_whatever_the_error() {
    let machine = machines();
    assert!(retriers(&machine).count() > 10);
    for retrier in retriers(&machine) {
        for error in texts(retrier.get("ErrorEquals")) {
            assert!(!["States.ALL", "States.TaskFailed"].contains(&error), "{retrier}");
        }
    }
}

#[test]
fn every_error_is_caught_only_where_nothing_narrower_follows() {
    let machine = machines();
    for catchers in objects(&machine).into_iter().filter_map(|state| state.get("Catch")?.as_array()) {
        for (number, catcher) in catchers.iter().enumerate() {
            if texts(catcher.get("ErrorEquals")).any(|error| error == "States.ALL") {
                assert_eq!(number + 1, catchers.len(), "{catcher}");
            }
        }
    }
}

#[test]
fn what_did_not_answer_is_retried_and_what_does_not_fit_is_not() {
    let machine = machines();
    let retried: BTreeSet<_> =
        retriers(&machine).flat_map(|retrier| texts(retrier.get("ErrorEquals"))).collect();
    assert!(retried.contains(names::UNAVAILABLE) && retried.contains(names::SOURCE_UNAVAILABLE));
    for permanent in [
        names::INCOMPLETE,
        names::SOURCE_UNREADABLE,
        names::SOURCE_FAILED,
        names::CHANGED_SINCE_PREVIEW,
        names::BAD_EVENT,
    ] {
        assert!(!retried.contains(permanent), "{permanent}");
    }
}

/// The functions whose input the machine spells out, each with the input's fields.
fn payloads(machine: &Value) -> BTreeSet<(String, BTreeSet<String>)> {
    let parameters = objects(machine).into_iter().filter(|of| of.contains_key("FunctionName"));
    parameters
        .filter_map(|of| {
            let name = of["FunctionName"].as_str()?.strip_prefix("${")?.strip_suffix("Function}")?;
            let fields = of.get("Payload")?.as_object()?.keys();
            let fields = fields.map(|field| field.trim_end_matches(".$").to_owned()).collect();
            Some((name.to_lowercase(), fields))
        })
        .collect()
}

#[test]
fn the_happy_events_of_tasks_have_the_fields_that_the_machine_gives() {
    let payloads = payloads(&machines());
    let functions: Vec<_> = payloads.iter().map(|(function, _)| function.as_str()).collect();
    assert_eq!(functions, ["notify", "package", "plan", "relocate", "tidy", "verify"]);
    for (function, fields) in payloads {
        // What the sweep has notify tell is not the machine's.
        let of_sweep = |case: &str| ["expiring", "escalated"].contains(&case);
        let events = events(&function);
        for event in events.iter().filter(|event| !event.is_rejected() && !of_sweep(&event.case)) {
            let input: BTreeMap<String, Value> = serde_json::from_str(&event.text).unwrap();
            assert_eq!(input.into_keys().collect::<BTreeSet<_>>(), fields, "{function}/{}", event.case);
        }
    }
}

#[test]
fn the_first_step_of_a_unit_has_the_fields_that_the_map_selects() {
    let machine = machine();
    for (state, function) in [("Collect", "collect"), ("Erase", "erase")] {
        let selector = machine["States"][state]["ItemSelector"].as_object().unwrap();
        let fields: BTreeSet<_> =
            selector.keys().map(|field| field.trim_end_matches(".$").to_owned()).collect();
        let first = events(function).into_iter().find(|event| event.case == "first-step").unwrap();
        let input: BTreeMap<String, Value> = serde_json::from_str(&first.text).unwrap();
        assert_eq!(input.into_keys().collect::<BTreeSet<_>>(), fields);
    }
}
