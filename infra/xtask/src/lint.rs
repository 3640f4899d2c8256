use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use habeas_local::{LINT_PACKAGES, Venv, target_dir};
use serde_json::{Value, json};

use crate::{Outcome, build, root, schemas};

const MACHINES: [&str; 2] = ["privacy-request", "relocation"];

const TEMPLATES: [&str; 3] = ["infra/template.yaml", "infra/eea-buckets.yaml", "infra/sample-app.yaml"];

/// The sample application's function, which shows how a Lambda connector is answered.
const EXAMPLE: &str = "infra/sample-app/surveys";

/// Checks the templates and the state machines, by the linters and by rules of our own,
/// and what stands beside them in other languages.
pub(crate) fn run() -> Outcome {
    let root = root();
    let venv = Venv::ensure_with(&root, "venv-lint", LINT_PACKAGES)?;
    let dir = target_dir(&root).join("lint");
    fs::create_dir_all(&dir)?;
    let mut lint = Command::new(venv.bin("cfn-lint"));
    lint.current_dir(&root).args(TEMPLATES);
    for name in MACHINES {
        let path = format!("statemachines/{name}.asl.json");
        let machine: Value = serde_json::from_slice(&fs::read(root.join(&path))?)?;
        check_machine(&machine).map_err(|problem| format!("{path}: {problem}"))?;
        // The linter reads definitions only where they stand in a template.
        let wrapped = json!({"Resources": {"Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/machine", "Definition": machine},
        }}});
        let file = dir.join(format!("{name}.json"));
        fs::write(&file, serde_json::to_vec_pretty(&wrapped)?)?;
        lint.arg(file);
    }
    build::run(&mut lint, "cfn-lint")?;
    println!("templates and state machines: no findings");
    build::run(
        Command::new(venv.bin("python"))
            .current_dir(root.join(EXAMPLE))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args(["-m", "unittest", "--quiet"]),
        "the tests of the example of a Lambda connector",
    )?;
    schemas::check(&venv, &root, &dir)
}

/// What a linter of shapes does not see: that every arrow ends somewhere, and
/// that every state can be reached. Maps hold machines of their own.
fn check_machine(machine: &Value) -> Result<(), String> {
    let states = machine["States"].as_object().ok_or("there are no States")?;
    let mut reached = BTreeSet::new();
    let mut ahead = vec![machine["StartAt"].as_str().ok_or("there is no StartAt")?];
    while let Some(name) = ahead.pop() {
        let state = states.get(name).ok_or(format!("there is no state {name}"))?;
        if reached.insert(name) {
            ahead.extend(arrows(state));
            if let Some(inner) = state.get("ItemProcessor") {
                check_machine(inner).map_err(|problem| format!("in {name}: {problem}"))?;
            }
            if arrows(state).is_empty() && !is_end(state) {
                return Err(format!("{name} leads nowhere and is no end"));
            }
        }
    }
    match states.keys().find(|name| !reached.contains(name.as_str())) {
        Some(name) => Err(format!("{name} cannot be reached")),
        None => Ok(()),
    }
}

fn arrows(state: &Value) -> Vec<&str> {
    let lists = ["Choices", "Catch"].into_iter().filter_map(|list| state[list].as_array()).flatten();
    let own = [&state["Next"], &state["Default"]];
    own.into_iter().chain(lists.map(|item| &item["Next"])).filter_map(Value::as_str).collect()
}

fn is_end(state: &Value) -> bool {
    state["End"] == json!(true) || ["Succeed", "Fail"].iter().any(|kind| state["Type"] == **kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_to_nowhere_and_an_island_are_found() {
        let machine = |next: &str| {
            json!({"StartAt": "A", "States": {
                "A": {"Type": "Pass", "Next": next},
                "B": {"Type": "Succeed"},
            }})
        };
        assert_eq!(check_machine(&machine("B")), Ok(()));
        assert_eq!(check_machine(&machine("C")), Err("there is no state C".to_owned()));
        assert_eq!(check_machine(&machine("A")), Err("B cannot be reached".to_owned()));
    }
}
