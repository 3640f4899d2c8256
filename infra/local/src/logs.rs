use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::{Api, LocalError, Result};

/// One page of FilterLogEvents, the largest there is: the emulator has no further
/// ones. And a bound on pages read at once.
const PAGE_EVENTS: usize = 10_000;
const PAGES_MAX: usize = 1_000;

/// One line that a function printed, or that Lambda printed about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogLine {
    pub function: String,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    pub message: String,
}

/// Reads the log groups of functions, each line once.
#[derive(Debug)]
pub(crate) struct LogReader {
    api: Api,
    /// Names of binaries and of functions.
    functions: Vec<(String, String)>,
    since_ms: i64,
    /// How often each line was handed on: the emulator gives events no ids.
    seen: HashMap<(LogLine, String), usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    events: Vec<Event>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    timestamp: i64,
    message: String,
    #[serde(default)]
    log_stream_name: String,
}

impl LogReader {
    pub(crate) fn new(endpoint: &str, functions: Vec<(String, String)>) -> Self {
        Self { api: Api::new(endpoint, None), functions, since_ms: 0, seen: HashMap::new() }
    }

    /// What was printed since the last call, in order of time.
    pub(crate) fn read(&mut self) -> Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        let mut found: HashMap<(LogLine, String), usize> = HashMap::new();
        for (binary, name) in &self.functions {
            let mut token = None;
            for _ in 0..PAGES_MAX {
                let page = self.page(name, token.as_deref())?;
                for event in page.events {
                    let line =
                        LogLine { function: binary.clone(), at_ms: event.timestamp, message: event.message };
                    let key = (line.clone(), event.log_stream_name);
                    let count = found.entry(key.clone()).or_default();
                    *count += 1;
                    if *count > self.seen.get(&key).copied().unwrap_or_default() {
                        lines.push(line);
                    }
                }
                token = page.next_token;
                if token.is_none() {
                    break;
                }
            }
        }
        self.seen = found;
        lines.sort_by_key(|line| line.at_ms);
        if let Some(last) = lines.last() {
            // Lines of the same moment may still be on their way.
            self.since_ms = last.at_ms - 5_000;
        }
        Ok(lines)
    }

    /// The log API is called by hand: its SDK crate would cost a minute of
    /// building for this one request.
    fn page(&self, name: &str, token: Option<&str>) -> Result<Page> {
        let mut request = json!({
            "logGroupName": format!("/aws/lambda/{name}"),
            "startTime": self.since_ms.max(0),
            "limit": PAGE_EVENTS,
        });
        if let Some(token) = token {
            request["nextToken"] = token.into();
        }
        let target = "Logs_20140328.FilterLogEvents";
        let reply = self.api.call("logs", "application/x-amz-json-1.1", target, &request)?;
        // A function that never ran has no log group yet.
        if reply.status == 400 && reply.text().contains("ResourceNotFoundException") {
            return Ok(Page { events: Vec::new(), next_token: None });
        }
        if reply.status != 200 {
            return Err(LocalError::unexpected("read the logs", reply.text()));
        }
        reply.json()
    }
}

/// How often a follower looks again.
pub(crate) const FOLLOW_PAUSE: Duration = Duration::from_millis(500);
