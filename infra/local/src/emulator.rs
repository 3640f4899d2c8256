use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::http::plain_client;
use crate::{Layout, LocalError, ProcessId, Progress, Result, Venv};

/// A first start compiles the emulator's modules; 3 s are usual.
const START_SECONDS_MAX: u64 = 90;
const TAIL_LINES: usize = 30;

/// What the emulator, and through it every function, may inherit from the caller.
///
/// Everything else is left out: a proxy, a CA bundle or an AWS profile of the
/// developer's would change what the functions do.
const INHERITED: &[&str] = &["PATH", "LANG", "LC_ALL", "TZ", "RUST_LOG", "RUST_BACKTRACE"];

/// Detached, so that it outlives the terminal that started it, and leader of a
/// group of its own, so that it can be stopped with all its children.
const LAUNCH: &str = "import os; os.setsid(); from ministack.app import main; main()";

/// Starts the emulator of `layout` on `port` and waits until it answers.
pub(crate) fn start(layout: &Layout, venv: &Venv, port: u16, progress: &dyn Progress) -> Result<ProcessId> {
    progress.step(&format!("Starting the emulator on port {port}"));
    let mut child = spawn(layout, venv, port)?;
    let process = ProcessId::of(child.id()).ok_or_else(|| failed(layout, "ended at once"))?;
    let stored = layout.process_file();
    let text = serde_json::to_vec(&process)
        .map_err(|error| LocalError::unexpected("write down the emulator's process", error))?;
    fs::write(&stored, text).map_err(LocalError::file("write", &stored))?;
    let healthy = wait_until_healthy(layout, &mut child, port);
    if healthy.is_err() {
        stop(layout)?;
    }
    healthy.map(|()| process)
}

/// The emulator that `layout` has written down, if it still runs.
pub(crate) fn running(layout: &Layout) -> Option<ProcessId> {
    recorded(layout).filter(ProcessId::is_running)
}

/// The emulator that was started and not stopped, whether or not it still runs.
pub(crate) fn recorded(layout: &Layout) -> Option<ProcessId> {
    let text = fs::read(layout.process_file()).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Stops the emulator of `layout`. True if there was one.
pub(crate) fn stop(layout: &Layout) -> Result<bool> {
    let Some(process) = recorded(layout) else {
        return Ok(false);
    };
    let ended = process.stop().map_err(|error| LocalError::unexpected("stop the emulator", error))?;
    let orderly = ended == crate::process::Ended::Orderly;
    if !orderly {
        forget(layout)?;
    }
    let stored = layout.process_file();
    fs::remove_file(&stored).map_err(LocalError::file("remove", &stored))?;
    Ok(ended != crate::process::Ended::BeforeWeCame)
}

/// Removes what a start would read back.
///
/// The emulator writes most of its state when it is told to stop, its buckets
/// at once: after a crash or a reboot the two do not belong together.
pub(crate) fn forget(layout: &Layout) -> Result<()> {
    for path in [layout.data_dir(), layout.packages_file(), layout.stack_file()] {
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else if path.exists() {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
        removed.map_err(LocalError::file("remove", &path))?;
    }
    Ok(())
}

/// A port that is free: the wanted one or an error, the usual one or any other.
pub(crate) fn choose_port(wanted: Option<u16>, usual: Option<u16>) -> Result<u16> {
    if let Some(port) = wanted {
        return bind(port).ok_or(LocalError::PortTaken { port });
    }
    usual
        .and_then(bind)
        .or_else(|| bind(0))
        .ok_or_else(|| LocalError::unexpected("find a free port", "none is left"))
}

fn bind(port: u16) -> Option<u16> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).ok()?;
    listener.local_addr().ok().map(|address| address.port())
}

fn spawn(layout: &Layout, venv: &Venv, port: u16) -> Result<Child> {
    let data = layout.data_dir();
    let (state, s3, tmp) = (data.join("state"), data.join("s3"), data.join("tmp"));
    for dir in [&state, &s3, &tmp] {
        fs::create_dir_all(dir).map_err(LocalError::file("make", dir))?;
    }
    let log_file = layout.log_file();
    let log = File::create(&log_file).map_err(LocalError::file("write", &log_file))?;
    let errors = log.try_clone().map_err(LocalError::file("write", &log_file))?;
    let python = venv.bin("python");
    let mut command = Command::new(&python);
    command
        .args(["-c", LAUNCH])
        .env_clear()
        .envs(
            std::env::vars_os()
                .filter(|(name, _)| name.to_str().is_some_and(|name| INHERITED.contains(&name))),
        )
        .env("HOME", &data)
        .env("TMPDIR", &tmp)
        .env("PYTHONUNBUFFERED", "1")
        .env("PYTHONNOUSERSITE", "1")
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("AUTH", "true")
        // Its MQTT listener has a fixed port, which two stacks would fight over.
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("PERSIST_STATE", "1")
        .env("STATE_DIR", &state)
        .env("S3_PERSIST", "1")
        .env("S3_DATA_DIR", &s3)
        .current_dir(&data)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors);
    command.spawn().map_err(LocalError::file("start", &python))
}

fn wait_until_healthy(layout: &Layout, child: &mut Child, port: u16) -> Result<()> {
    let url = format!("http://127.0.0.1:{port}/_ministack/health");
    let client = plain_client(Duration::from_secs(2));
    let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
    while Instant::now() < deadline {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(failed(layout, &format!("ended with {status}")));
        }
        if client.get(&url).call().is_ok_and(|reply| reply.status() == 200) {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    let problem = format!("did not answer within {START_SECONDS_MAX} s");
    Err(failed(layout, &problem))
}

fn failed(layout: &Layout, problem: &str) -> LocalError {
    let log = layout.log_file();
    let text = fs::read(&log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    LocalError::Emulator { problem: problem.into(), log, tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_port_that_is_taken_is_an_error() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = choose_port(Some(port), None).unwrap_err();
        assert!(error.to_string().contains(&port.to_string()));
    }

    #[test]
    fn a_usual_port_that_is_taken_gives_way_to_another() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_ne!(choose_port(None, Some(port)).unwrap(), port);
    }
}
