//! Everything a developer of Habeas runs: the demo, the checks and tests, the
//! local stack.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod api;
mod bench;
mod bench_archive;
mod bench_cold_start;
mod bench_cost;
mod bench_scale;
mod build;
mod checks;
mod data_map;
mod demo;
mod import;
mod ledger;
mod lint;
mod local;
mod schemas;
mod ui;
mod verify_archive;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What goes wrong here is told to a person and ends the program.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Builds, tests and shows Habeas on this machine.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a real export and a real deletion through a local stack, and shows what came out.
    Demo(demo::Options),
    /// Runs every check and test, or only the parts named.
    Test(checks::Options),
    /// Measures what requests and archives cost.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Imports accounts and members in bulk, into a local stack or a table on AWS.
    ///
    /// ACCOUNTS_JSON is an array of {"account_id", "name", "plan", "country"}, of 32 MiB at
    /// most (some 300,000 accounts). MEMBERS_CSV names its columns account_id, email, name and
    /// role in the first line, in any order, and has one person in each line after it; it may
    /// be of any length, and is read in UTF-8 with or without a byte order mark.
    ///
    /// Of several accounts with one id, or people with one address, the first counts. What
    /// Habeas has learnt since --as-of is left as it is, and so is who has been removed since
    /// then: an import can come late, and can be repeated. Nobody is removed for not being in
    /// the files.
    ///
    /// What is not in order is refused with its reason, row by row, and so is everybody whose
    /// account is not among the good ones of ACCOUNTS_JSON. All other rows are imported. The
    /// command fails if any row was refused.
    Import(import::Options),
    /// Starts, stops and looks at the local stack.
    #[command(subcommand)]
    Local(local::Command),
    /// Checks the data map, explains it, and derives what the functions may do.
    #[command(subcommand)]
    DataMap(data_map::Command),
    /// Compares an archive with its manifest: every file, count and SHA-256.
    VerifyArchive(verify_archive::Options),
    /// Checks what the ledgers of consents and settings hold.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Calls a function of the local stack with an event, and prints the reply and the log.
    Invoke(local::Invoke),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Command::Demo(options) => runtime.block_on(demo::run(&options)),
        Command::Test(options) => checks::run(&options, &runtime),
        Command::Bench(bench) => bench::run(&bench, &runtime),
        Command::Import(options) => runtime.block_on(import::run(&options)),
        Command::Local(command) => runtime.block_on(local::run(command)),
        Command::DataMap(command) => data_map::run(&command),
        Command::VerifyArchive(options) => runtime.block_on(verify_archive::run(&options)),
        Command::Ledger(command) => runtime.block_on(ledger::run(&command)),
        Command::Invoke(invoke) => runtime.block_on(local::invoke(&invoke)),
    }
}

/// The workspace: this program only runs from within it.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| here.clone(), PathBuf::from)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
