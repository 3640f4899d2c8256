use std::time::Instant;

use clap::{Args, ValueEnum};
use habeas_local::{Layout, Stack, UpOptions};
use tokio::runtime::Runtime;

use crate::bench_cold_start::limit;
use crate::ui::Ui;
use crate::{Outcome, api, build, lint, root};

/// The stack of the end-to-end tests, apart from the one that people play with.
pub(crate) const TEST_STACK: &str = "test";

/// Waits of the test stack: long enough to revoke in, short enough to wait for.
pub(crate) const EXPORT_WAIT_SECONDS: u32 = 2;
const DELETION_WAIT_SECONDS: u32 = 6;

/// How many cases the property tests of deletions have here: what the promise that
/// nothing else is ever touched is worth, in a minute more than by `cargo test`.
const DELETION_CASES: &str = "10000";

#[derive(Args)]
pub(crate) struct Options {
    /// The parts to run; all where none is named.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// rustfmt.
    Format,
    /// clippy, with warnings denied.
    Clippy,
    /// Unit, property and snapshot tests.
    Unit,
    /// cfn-lint over the templates and the state machine, and rules of our own.
    Lint,
    /// The instructions of every function from its start to its first call, where there is valgrind.
    Start,
    /// Journeys over a freshly deployed local stack, through its HTTP API.
    Journeys,
    /// Calls that are made up from `infra/openapi.json`, over a freshly deployed local stack.
    Api,
}

pub(crate) fn run(options: &Options, runtime: &Runtime) -> Outcome {
    let parts = match options.parts.as_slice() {
        [] => Part::value_variants(),
        some => some,
    };
    let mut took = Vec::new();
    for part in parts {
        let name = part.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        println!("== {name}");
        let started = Instant::now();
        part.run(runtime).map_err(|error| format!("{name}: {error}"))?;
        took.push(format!("{name} {} s", started.elapsed().as_secs()));
    }
    println!("== all good: {}", took.join(", "));
    Ok(())
}

impl Part {
    fn run(self, runtime: &Runtime) -> Outcome {
        match self {
            Self::Format => build::cargo(&["fmt", "--all", "--check"]),
            Self::Clippy => build::cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--features",
                "habeas-journeys/stack",
                "--",
                "--deny",
                "warnings",
            ]),
            Self::Unit => unit(),
            Self::Lint => lint::run(),
            Self::Start => limit::check(),
            Self::Journeys => over_fresh_stack(runtime, journeys),
            Self::Api => over_fresh_stack(runtime, api::run),
        }
    }
}

fn unit() -> Outcome {
    let mut tests = build::cargo_command();
    tests.env("HABEAS_DELETION_CASES", DELETION_CASES);
    tests.args(["test", "--workspace"]);
    build::run(&mut tests, "the tests")
}

/// Runs tests that bring the test stack up for themselves, and puts it away
/// unless there is something to look at.
fn over_fresh_stack(runtime: &Runtime, tests: impl AsyncFnOnce(&Ui) -> Outcome) -> Outcome {
    build::functions()?;
    let layout = Layout::new(&root(), TEST_STACK)?;
    Stack::reset(&layout)?;
    let tested = runtime.block_on(tests(&Ui::new()));
    if tested.is_err() {
        eprintln!(
            "The stack is left up for a look: `cargo xtask local logs --name {TEST_STACK}`, and `reset` after."
        );
    } else {
        Stack::reset(&layout)?;
    }
    tested
}

async fn journeys(ui: &Ui) -> Outcome {
    let options = UpOptions::new(&root(), TEST_STACK)?
        .waits(EXPORT_WAIT_SECONDS, DELETION_WAIT_SECONDS)
        .operator("operator@habeas.example");
    Stack::up(&options, ui).await?;
    ui.finish();
    let mut tests = build::cargo_command();
    tests.env("HABEAS_STACK", TEST_STACK).env("HABEAS_XTASK", std::env::current_exe()?);
    tests.args(["test", "--workspace", "--test", "journeys", "--features", "habeas-journeys/stack"]);
    // One after the other: they compare all of the sources before and after.
    tests.args(["--", "--test-threads", "1"]);
    build::run(&mut tests, "the journeys")
}
