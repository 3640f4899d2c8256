use std::process::Command;

use clap::{Args, ValueEnum};
use habeas_local::target_dir;

use crate::{Outcome, build, root};

#[derive(Args)]
pub(crate) struct Options {
    /// What to measure.
    #[arg(default_value = "requests")]
    what: What,
    /// Measure what AWS would run: the first build takes long.
    #[arg(long)]
    release: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The handlers of requests: calls of DynamoDB, capacity units, CPU time.
    Requests,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let What::Requests = options.what;
    let profile = if options.release { "release" } else { "debug" };
    if options.release {
        build::cargo(&["build", "--workspace", "--bins", "--release"])?;
    } else {
        build::functions()?;
    }
    let program = target_dir(&root()).join(profile).join("habeas-bench");
    build::run(&mut Command::new(program), "the bench")
}
