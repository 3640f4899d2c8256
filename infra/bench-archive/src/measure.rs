use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};

use crate::Outcome;

/// Adds what this process took so far. The peak is that of its own memory since
/// it began: what the kernel counts per child would hold that of the parent.
pub(crate) fn add_to(figures: &mut Value, wall: Duration) -> Outcome<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|rest| rest.split_whitespace().next()).ok_or("the kernel tells no peak")?;
    figures["cpu_us"] = json!(cpu);
    figures["wall_us"] = json!(u64::try_from(wall.as_micros())?);
    figures["peak_kib"] = json!(peak.parse::<u64>()?);
    Ok(())
}
