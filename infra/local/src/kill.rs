use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The processes that run a function for this emulator. They are its children,
/// and their environment names the function. Known on Linux only.
pub(crate) fn processes_of(emulator: u32, function: &str) -> Vec<u32> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| parent(*pid) == Some(emulator) && runs(*pid, function)).collect()
}

/// Ends a process as a fault of its machine would: at once, and without a word.
pub(crate) fn end(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        // It may have ended by itself meanwhile.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// Field 4 of `/proc/<pid>/stat`, counted from the closing bracket of field 2.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn runs(pid: u32, function: &str) -> bool {
    let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_children_that_run_the_function_are_ended() {
        let sleep = |function: &str| {
            Command::new("sleep").arg("60").env("AWS_LAMBDA_FUNCTION_NAME", function).spawn().unwrap()
        };
        let (mut ours, mut other) = (sleep("collect"), sleep("collect-2"));
        assert_eq!(processes_of(std::process::id(), "collect"), [ours.id()]);
        assert!(processes_of(std::process::id() + 1_000_000, "collect").is_empty());
        end(ours.id());
        assert!(!ours.wait().unwrap().success());
        assert_eq!(processes_of(std::process::id(), "collect-2"), [other.id()]);
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
