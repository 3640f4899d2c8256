use std::process::Command;

use crate::{Outcome, root};

/// Runs cargo in the workspace; it shows its own progress.
pub(crate) fn cargo(arguments: &[&str]) -> Outcome {
    run(cargo_command().args(arguments), &format!("cargo {}", arguments.join(" ")))
}

/// Cargo as a person calls it. `cargo run` tells this program which package it
/// is; build scripts would take that for a change, and everything behind them
/// would be built again.
pub(crate) fn cargo_command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|of_run| text.starts_with(of_run)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Builds every function with the profile that the local stack and all tests share.
///
/// Always the whole workspace: another selection would choose other features of
/// the shared crates, and build the AWS SDK a second time.
pub(crate) fn functions() -> Outcome {
    cargo(&["build", "--workspace", "--bins"])
}

pub(crate) fn run(command: &mut Command, what: &str) -> Outcome {
    let status = command.status().map_err(|error| format!("{what} could not be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{what} failed ({status})").into()) }
}
