use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SendError, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::http::{self, Head};
use crate::serve::serve;

/// How long an invocation may take: a quarter of an hour, as on Lambda.
const INVOCATION_TIME_MAX: Duration = Duration::from_secs(900);

/// What Lambda is to one function: it hands out events, and takes the answers.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) address: SocketAddr,
    events: Sender<String>,
    told: Receiver<Told>,
}

/// What a function tells Lambda.
#[derive(Debug)]
pub(crate) enum Told {
    /// It waits for an event.
    Waits,
    Answers(Value),
    /// In the words that Step Functions would get.
    Fails(String),
}

impl Runtime {
    /// Opens a runtime on a port of its own: what an earlier function has left
    /// waiting does not take this one's events.
    pub(crate) fn open() -> io::Result<Self> {
        let (events, waiting) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let waiting = Mutex::new(waiting);
        let address = serve(move |stream| talk(stream, &waiting, &tell))?;
        Ok(Self { address, events, told })
    }

    pub(crate) fn hand_out(&self, event: &Value) -> Result<(), SendError<String>> {
        self.events.send(event.to_string())
    }

    /// What the function tells next, if it does so in time.
    pub(crate) fn told(&self, within: Duration) -> Result<Told, RecvTimeoutError> {
        self.told.recv_timeout(within)
    }
}

fn talk(stream: TcpStream, events: &Mutex<Receiver<String>>, tell: &Sender<Told>) -> io::Result<()> {
    let mut from = BufReader::new(stream.try_clone()?);
    let mut to = stream;
    while let Some(call) = Head::read(&mut from)? {
        let body = http::body(&call, &mut from)?;
        let path = call.path();
        if path.ends_with("/invocation/next") {
            tell.send(Told::Waits).map_err(io::Error::other)?;
            let events = events.lock().unwrap_or_else(PoisonError::into_inner);
            let event = events.recv().map_err(io::Error::other)?;
            drop(events);
            let deadline = deadline_ms().to_string();
            let headers = [
                ("content-type", "application/json"),
                ("lambda-runtime-aws-request-id", "019b8d3a-0000-7000-8000-000000000009"),
                ("lambda-runtime-deadline-ms", deadline.as_str()),
                (
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:us-east-1:123456789012:function:bench",
                ),
            ];
            http::answer(&mut to, "200 OK", &headers, event.as_bytes())?;
            continue;
        }
        http::answer(&mut to, "202 Accepted", &[], &[])?;
        let told = if path.ends_with("/response") {
            Told::Answers(serde_json::from_slice(&body)?)
        } else {
            Told::Fails(String::from_utf8_lossy(&body).into_owned())
        };
        tell.send(told).map_err(io::Error::other)?;
    }
    Ok(())
}

fn deadline_ms() -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now + INVOCATION_TIME_MAX).as_millis()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    fn call(function: &mut TcpStream, call: &str) -> String {
        function.write_all(call.as_bytes()).unwrap();
        let mut from = BufReader::new(function);
        let head = Head::read(&mut from).unwrap().unwrap();
        let body = http::body(&head, &mut from).unwrap();
        String::from_utf8([head.bytes, body].concat()).unwrap()
    }

    #[test]
    fn an_event_is_handed_out_and_its_answer_taken() {
        let runtime = Runtime::open().unwrap();
        let mut function = TcpStream::connect(runtime.address).unwrap();
        runtime.hand_out(&json!({"unit": "0001"})).unwrap();
        let event = call(&mut function, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n");
        assert!(
            event.contains("lambda-runtime-deadline-ms: ") && event.ends_with(r#"{"unit":"0001"}"#),
            "{event}"
        );
        let second = Duration::from_secs(1);
        assert!(matches!(runtime.told(second), Ok(Told::Waits)));
        let path = "/2018-06-01/runtime/invocation/1";
        let taken = call(
            &mut function,
            &format!("POST {path}/response HTTP/1.1\r\ncontent-length: 13\r\n\r\n{{\"done\":true}}"),
        );
        assert!(taken.starts_with("HTTP/1.1 202"), "{taken}");
        assert!(matches!(runtime.told(second), Ok(Told::Answers(answer)) if answer["done"] == true));
        call(&mut function, &format!("POST {path}/error HTTP/1.1\r\ncontent-length: 2\r\n\r\nno"));
        assert!(matches!(runtime.told(second), Ok(Told::Fails(error)) if error == "no"));
    }
}
