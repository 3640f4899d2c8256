use std::process::Command;

use crate::{Outcome, root};

/// Runs cargo in the workspace; it shows its own progress.
pub(crate) fn cargo(arguments: &[&str]) -> Outcome {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo).args(arguments).current_dir(root()), &format!("cargo {}", arguments.join(" ")))
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
