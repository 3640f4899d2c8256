use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// The emulator writes its state when it is told to stop; a large one takes seconds.
const STOP_SECONDS_MAX: u64 = 60;

/// A process, recognised by its number and its start, because numbers are reused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    pub pid: u32,
    /// The kernel's start time of the process, as `/proc` or `ps` prints it.
    pub started: String,
}

/// How a process ended that was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    BeforeWeCame,
    Orderly,
    Killed,
}

impl ProcessId {
    /// The process that has this number now.
    pub fn of(pid: u32) -> Option<Self> {
        let started = start_time(pid)?;
        Some(Self { pid, started })
    }

    /// Whether this very process still runs, not another one with its number.
    pub fn is_running(&self) -> bool {
        start_time(self.pid).is_some_and(|started| started == self.started)
    }

    /// Asks the process to end, then makes its whole group end.
    ///
    /// The process is the leader of its group, so that what it left behind is
    /// found by its number too.
    pub(crate) fn stop(&self) -> Result<Ended, Errno> {
        let Some(pid) = i32::try_from(self.pid).ok().map(Pid::from_raw) else {
            return Ok(Ended::BeforeWeCame);
        };
        if !self.is_running() {
            return Ok(Ended::BeforeWeCame);
        }
        gone_is_fine(kill(pid, Signal::SIGTERM))?;
        let orderly = self.wait(Duration::from_secs(STOP_SECONDS_MAX));
        gone_is_fine(killpg(pid, Signal::SIGKILL))?;
        if orderly {
            return Ok(Ended::Orderly);
        }
        self.wait(Duration::from_secs(5));
        Ok(Ended::Killed)
    }

    fn wait(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.is_running() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(Duration::from_millis(50));
        }
        true
    }
}

/// macOS answers EPERM for a group whose only member is a zombie.
fn gone_is_fine(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::ESRCH | Errno::EPERM) => Ok(()),
        other => other,
    }
}

fn start_time(pid: u32) -> Option<String> {
    if cfg!(target_os = "linux") {
        from_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    } else {
        let output = Command::new("ps")
            .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
            .env("LC_ALL", "C")
            .output()
            .ok()?;
        from_ps(&String::from_utf8_lossy(&output.stdout))
    }
}

/// Field 22 of `/proc/<pid>/stat`; none for a zombie, which only waits to be reaped.
///
/// The second field is the program's name, which may contain blanks and
/// brackets: fields are counted from the last closing bracket.
fn from_stat(stat: &str) -> Option<String> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

/// `S+  Mon Jan  5 10:00:00 2026`: the state, then the start.
fn from_ps(line: &str) -> Option<String> {
    let (state, started) = line.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_recognised() {
        let me = ProcessId::of(std::process::id()).unwrap();
        assert!(me.is_running());
    }

    #[test]
    fn a_reused_number_is_not_the_process_we_started() {
        let other = ProcessId { pid: std::process::id(), started: "1".into() };
        assert!(!other.is_running());
        assert_eq!(other.stop(), Ok(Ended::BeforeWeCame));
    }

    #[test]
    fn a_process_that_ended_but_was_not_reaped_does_not_run() {
        let mut child = Command::new("true").spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        while ProcessId::of(child.id()).is_some() && Instant::now() < deadline {
            sleep(Duration::from_millis(5));
        }
        assert_eq!(ProcessId::of(child.id()), None);
        child.wait().unwrap();
    }

    #[test]
    fn a_program_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4242 1 1";
        assert_eq!(from_stat(stat).as_deref(), Some("4242"));
        assert_eq!(from_stat(&stat.replace(") S", ") Z")), None);
    }

    #[test]
    fn ps_prints_the_state_before_the_start() {
        assert_eq!(from_ps("Ss   Mon Jan  5 10:00:00 2026\n").as_deref(), Some("Mon Jan  5 10:00:00 2026"));
        assert_eq!(from_ps("Z+   Mon Jan  5 10:00:00 2026"), None);
        assert_eq!(from_ps(""), None);
    }
}
