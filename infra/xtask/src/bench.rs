use std::process::Command;

use clap::{Args, Subcommand};
use habeas_local::target_dir;
use tokio::runtime::Runtime;

use crate::{Outcome, bench_archive, bench_cold_start, bench_cost, bench_scale, build, root};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The handlers of requests: calls of DynamoDB, capacity units, CPU time. It fails where one
    /// makes more calls than it may.
    Requests(Requests),
    /// Making archives, side by side with libraries of Python, node and Rust, each checked.
    ///
    /// It installs them below target/, and builds what it measures as AWS would run it.
    Archive(bench_archive::Options),
    /// What requests cost by AWS's list prices: real ones over a local stack of its own, metered.
    Cost(bench_cost::Options),
    /// From the start of a function's process to its first call, beside node and Python.
    ColdStart(bench_cold_start::Options),
    /// Exports that become larger and larger, up to 10 GiB: what the functions that make them take.
    ///
    /// It installs SeaweedFS below target/, runs it on this machine alone, has the functions
    /// work on it, and has unzip, 7z, bsdtar, Python and Java open what comes out. It takes some
    /// twenty minutes, and twice the largest archive's room on disk.
    Scale(bench_scale::Options),
}

#[derive(Args, Default)]
pub(crate) struct Requests {
    /// Measure what AWS would run: the first build takes long.
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(bench: &Bench, runtime: &Runtime) -> Outcome {
    match bench {
        Bench::Requests(options) => requests(options),
        Bench::Archive(options) => bench_archive::run(options),
        Bench::Cost(options) => bench_cost::run(options, runtime),
        Bench::ColdStart(options) => bench_cold_start::run(options),
        Bench::Scale(options) => bench_scale::run(options),
    }
}

fn requests(options: &Requests) -> Outcome {
    let profile = if options.release { "release" } else { "debug" };
    if options.release {
        build::cargo(&["build", "--workspace", "--bins", "--release"])?;
    } else {
        build::functions()?;
    }
    let program = target_dir(&root()).join(profile).join("habeas-bench");
    build::run(&mut Command::new(program), "the bench")
}
