use std::fs;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::Outcome;

/// The peak of a process's own memory since it began: what the kernel counts per
/// child would hold that of the parent.
pub(crate) fn peak_kib(pid: u32) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|rest| rest.split_whitespace().next()).ok_or("the kernel tells no peak")?;
    Ok(peak.parse()?)
}

/// The processor time of all children that have ended, with their threads.
pub(crate) fn childrens_cpu_us() -> Outcome<i64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(usage.user_time().num_microseconds() + usage.system_time().num_microseconds())
}
