use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::Outcome;
use crate::buckets::{Buckets, KEY_ID, REGION, SECRET};
use crate::measure::{childrens_cpu_us, peak_kib};
use crate::runtime::{Runtime, Told};

/// A function that has not answered by then never will: Lambda kills it before.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(960);

/// How often it is looked whether the process has died.
const PAUSE: Duration = Duration::from_millis(200);

/// How much of a function's log an error shows.
const TAIL_LINES: usize = 10;

/// What Lambda and the template set, beside what is this run's own.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("ARCHIVE_BACKSTOP_DAYS", "92"),
    ("ARCHIVE_DAYS", "90"),
    ("AWS_ACCESS_KEY_ID", KEY_ID),
    ("AWS_ACCOUNT", "123456789012"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("AWS_REGION", REGION),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
    ("RECORD_DAYS", "731"),
    ("TABLE", "habeas"),
];

/// Where functions are, and what they find there.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) programs: &'a Path,
    pub(crate) scratch: &'a Path,
    pub(crate) aws: SocketAddr,
    pub(crate) buckets: &'a Buckets,
}

/// A function that runs, and is measured until it is ended.
#[derive(Debug)]
pub(crate) struct Function {
    name: &'static str,
    log: PathBuf,
    runtime: Runtime,
    process: Process,
    since: Instant,
    cpu_us_before: i64,
}

/// What a function took, all its invocations together.
#[derive(Debug, Serialize)]
pub(crate) struct Took {
    peak_kib: u64,
    /// With its start.
    cpu_us: i64,
    wall_us: u64,
}

/// Dies with its handle.
#[derive(Debug)]
struct Process(Child);

impl Function {
    /// Starts a function, and waits until it asks for an event.
    pub(crate) fn start(name: &'static str, place: &Place<'_>) -> Outcome<Self> {
        let runtime = Runtime::open()?;
        let log = place.scratch.join(format!("{name}.log"));
        let out = File::create(&log)?;
        let mut command = Command::new(place.programs.join(name));
        command
            .env_clear()
            .envs(ENVIRONMENT.iter().copied())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .env("AWS_ENDPOINT_URL", format!("http://{}", place.aws))
            .env("WORK_BUCKET", &place.buckets.work)
            // An export has no digests, and asks for no key.
            .env("DIGEST_KEY", "no-key")
            .env("ARCHIVE_BUCKET", &place.buckets.archives)
            // The data map lies there.
            .env("LAMBDA_TASK_ROOT", env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        let cpu_us_before = childrens_cpu_us()?;
        let since = Instant::now();
        let child = command.spawn().map_err(|error| format!("{name} could not be started: {error}"))?;
        let mut function = Self { name, log, runtime, process: Process(child), since, cpu_us_before };
        match function.told()? {
            Told::Waits => Ok(function),
            other => Err(function.odd(&other)),
        }
    }

    /// Invokes it once.
    pub(crate) fn call(&mut self, event: &Value) -> Outcome<Value> {
        self.runtime.hand_out(event)?;
        let answer = match self.told()? {
            Told::Answers(answer) => answer,
            other => return Err(self.odd(&other)),
        };
        // Only then is it done with what the event made it do.
        match self.told()? {
            Told::Waits => Ok(answer),
            other => Err(self.odd(&other)),
        }
    }

    /// Ends it, and says what it took.
    pub(crate) fn end(mut self) -> Outcome<Took> {
        let peak_kib = peak_kib(self.process.0.id())?;
        let wall = self.since.elapsed();
        self.process.0.kill()?;
        self.process.0.wait()?;
        let cpu_us = childrens_cpu_us()? - self.cpu_us_before;
        Ok(Took { peak_kib, cpu_us, wall_us: u64::try_from(wall.as_micros())? })
    }

    fn told(&mut self) -> Outcome<Told> {
        let since = Instant::now();
        while since.elapsed() < ANSWER_TIME_MAX {
            match self.runtime.told(PAUSE) {
                Ok(told) => return Ok(told),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = self.process.0.try_wait()? {
                return Err(format!("{} has ended ({status})\n{}", self.name, self.tail()).into());
            }
        }
        Err(format!("{} does not answer\n{}", self.name, self.tail()).into())
    }

    fn odd(&self, told: &Told) -> Box<dyn std::error::Error> {
        let what = match told {
            Told::Waits => "asked for another event without an answer".to_owned(),
            Told::Answers(_) => "answered without an event".to_owned(),
            Told::Fails(error) => format!("failed: {error}"),
        };
        format!("{} {what}\n{}", self.name, self.tail()).into()
    }

    /// The end of its log.
    fn tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already needs neither.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
