#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::process::ExitCode;

use habeas_bench::handlers;

/// How often each handler is called.
const REPETITIONS: u32 = 200;
/// How many requests are in the account whose history is paged.
const HISTORY_REQUESTS: u32 = 100_000;

/// Prints what each handler costs, and fails where one makes more calls than it may.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let profile = if cfg!(debug_assertions) { "dev profile: compare ratios only" } else { "release profile" };
    println!("{REPETITIONS} calls each, {HISTORY_REQUESTS} requests in the history; {profile}");
    println!("{:<26} {:>10} {:>9} {:>9}  by operation", "handler", "calls/most", "capacity", "CPU ms");
    let costs = handlers(REPETITIONS, HISTORY_REQUESTS).await;
    for cost in &costs {
        let calls: usize = cost.calls.values().sum();
        let operations: Vec<_> = cost.calls.iter().map(|(name, count)| format!("{name} {count}")).collect();
        println!(
            "{:<26} {:>10} {:>9.1} {:>9.2}  {}{}",
            cost.handler,
            format!("{calls}/{}", cost.most.0),
            cost.capacity_units,
            cost.cpu.as_secs_f64() * 1_000.0,
            operations.join(", "),
            if cost.is_within_limit() { "" } else { "  NOT REACHED" },
        );
    }
    if costs.iter().all(habeas_bench::Cost::is_within_limit) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
