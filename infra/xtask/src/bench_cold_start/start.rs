use std::fs;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::environment;
use crate::Outcome;

/// The call by which a function asks for an event: then it has started.
const FIRST_CALL: &[u8] = b"GET /2018-06-01/runtime/invocation/next ";

/// More than any start takes, under valgrind too.
const START_TIME_MAX: Duration = Duration::from_secs(120);

/// How often it is looked whether the process has died instead.
const PAUSE: Duration = Duration::from_millis(50);

/// More headers than the call has.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// What a cold start took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Start {
    /// On a processor, of all threads that are there when the call comes.
    pub(super) cpu_ns: u64,
    pub(super) wall_ns: u64,
}

/// A function that has asked for its first event, and waits for it.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) took: Start,
    /// The function ends by itself when this is closed.
    pub(super) call: TcpStream,
}

/// Starts a function, and kills it when it has started.
pub(super) fn measure(command: &mut Command) -> Outcome<Start> {
    let mut started = begin(command.stderr(Stdio::null()))?;
    started.child.kill()?;
    started.child.wait()?;
    Ok(started.took)
}

/// Starts a function as Lambda would, and waits until it asks for an event.
pub(super) fn begin(command: &mut Command) -> Outcome<Started> {
    let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    environment::set(command);
    command.env("AWS_LAMBDA_RUNTIME_API", api.local_addr()?.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let since = Instant::now();
    let mut child = command.spawn()?;
    match wait(api, &mut child) {
        Ok(call) => {
            let wall = u64::try_from((call.at - since).as_nanos())?;
            Ok(Started { child, took: Start { cpu_ns: call.cpu_ns, wall_ns: wall }, call: call.stream })
        }
        Err(error) => {
            child.kill()?;
            let said = child.wait_with_output()?.stderr;
            Err(format!("{error}\n{}", String::from_utf8_lossy(&said)).trim_end().into())
        }
    }
}

struct FirstCall {
    stream: TcpStream,
    at: Instant,
    cpu_ns: u64,
}

/// Another thread takes the call, so that this one notices when none will come.
fn wait(api: TcpListener, child: &mut Child) -> Outcome<FirstCall> {
    let (tell, told) = mpsc::channel();
    let pid = child.id();
    thread::spawn(move || tell.send(first_call(&api, pid)));
    let since = Instant::now();
    loop {
        match told.recv_timeout(PAUSE) {
            Ok(call) => return Ok(call?),
            Err(RecvTimeoutError::Disconnected) => return Err("nobody took the call".into()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(status) = child.try_wait()? {
            return Err(format!("it ended before it asked for an event ({status})").into());
        }
        if since.elapsed() > START_TIME_MAX {
            return Err(format!("it asked for no event in {} s", START_TIME_MAX.as_secs()).into());
        }
    }
}

fn first_call(api: &TcpListener, pid: u32) -> io::Result<FirstCall> {
    let (mut stream, _) = api.accept()?;
    let head = head(&mut stream)?;
    let (at, cpu_ns) = (Instant::now(), cpu_ns(pid)?);
    if !head.starts_with(FIRST_CALL) {
        let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        return Err(io::Error::other(format!("it called {line} first")));
    }
    Ok(FirstCall { stream, at, cpu_ns })
}

/// Reads all of it: a connection that is closed over unread bytes is reset.
fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut chunk)?;
        if read == 0 || head.len() + read > HEAD_BYTES_MAX {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&chunk[..read]);
    }
    Ok(head)
}

/// The kernel's count of nanoseconds that each thread has been on a processor;
/// that of whole processes has ticks of ten milliseconds.
fn cpu_ns(pid: u32) -> io::Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        sum += on_processor(&text).ok_or(ErrorKind::InvalidData)?;
    }
    Ok(sum)
}

/// The first of `<on a processor> <waiting for one> <slices>`.
fn on_processor(schedstat: &str) -> Option<u64> {
    schedstat.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_time_on_a_processor_comes_first() {
        assert_eq!(on_processor("2093703 18200 7\n"), Some(2_093_703));
        assert_eq!(on_processor(""), None);
    }

    #[test]
    fn a_call_is_read_to_its_end_however_it_comes() {
        let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut function = TcpStream::connect(api.local_addr().unwrap()).unwrap();
        let (mut stream, _) = api.accept().unwrap();
        let call = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: a\r\n\r\n";
        for part in call.chunks(30) {
            function.write_all(part).unwrap();
        }
        assert_eq!(head(&mut stream).unwrap(), call);
    }

    #[test]
    fn a_program_that_ends_without_a_call_is_told() {
        let error = measure(&mut Command::new("true")).unwrap_err().to_string();
        assert!(error.starts_with("it ended before"), "{error}");
    }
}
