use std::path::Path;
use std::process::{Command, Stdio};

use super::start::begin;
use crate::Outcome;

/// What callgrind writes before the number, at its end.
const TOTAL: &str = "Collected : ";

pub(super) fn can_be_counted() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// How many instructions a function executes from its start until it asks for
/// its first event. Unlike times, the number is nearly the same on every run.
/// What takes them is written to `profile`, for `callgrind_annotate`.
///
/// Callgrind tells it when the function ends, and the function ends when its
/// call is closed instead of answered. That end is in the number too: some
/// hundred thousand instructions.
pub(super) fn until_the_first_event(binary: &Path, profile: &Path) -> Outcome<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", profile.display())).arg(binary);
    let started = begin(valgrind.stderr(Stdio::piped()))?;
    drop(started.call);
    let output = started.child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    total(&text).ok_or_else(|| format!("callgrind told no number for {}:\n{text}", binary.display()).into())
}

fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| Some(line.split_once(TOTAL)?.1))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found_among_what_callgrind_says() {
        let text = "==7== Events    : Ir\n==7== Collected : 3441351\n==7== \n==7== I   refs:  3,441,351\n";
        assert_eq!(total(text), Some(3_441_351));
        assert_eq!(total("==7== Events    : Ir\n"), None);
    }
}
