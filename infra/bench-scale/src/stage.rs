use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use habeas_local_table::LocalTable;

use crate::files::{BUCKET, Files};
use crate::http::{self, Head};
use crate::serve::serve;
use crate::traffic::Traffic;

/// What stands there instead of AWS, at one address: a table in memory, a bucket
/// of made-up files, and for all other buckets a store.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    traffic: Arc<Mutex<Traffic>>,
}

#[derive(Debug)]
struct Set {
    table: LocalTable,
    files: Files,
    store: SocketAddr,
    traffic: Arc<Mutex<Traffic>>,
}

/// One connection of a function's, continued to the store.
struct Store {
    from: BufReader<TcpStream>,
    to: TcpStream,
}

impl Stage {
    pub(crate) fn open(table: LocalTable, files: Files, store: SocketAddr) -> io::Result<Self> {
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let set = Set { table, files, store, traffic: Arc::clone(&traffic) };
        let address = serve(move |stream| set.talk(stream))?;
        Ok(Self { address, traffic })
    }

    /// What has gone to the store and come from it since this was last asked.
    pub(crate) fn traffic(&self) -> Traffic {
        std::mem::take(&mut *locked(&self.traffic))
    }
}

impl Set {
    fn talk(&self, stream: TcpStream) -> io::Result<()> {
        let mut from = BufReader::new(stream.try_clone()?);
        let mut to = stream;
        let mut store = None;
        while let Some(call) = Head::read(&mut from)? {
            let bucket = call.path().split('/').nth(1).unwrap_or_default();
            if let Some(target) = call.header("x-amz-target") {
                let input = http::body(&call, &mut from)?;
                self.answer_of_table(target, &input, &mut to)?;
            } else if bucket == BUCKET {
                self.answer_of_source(&call, &mut to)?;
            } else {
                let store = match &mut store {
                    Some(store) => store,
                    none => none.insert(Store::connect(self.store)?),
                };
                let (up, down) = store.pass(&call, &mut from, &mut to)?;
                locked(&self.traffic).count(&call, up, down);
            }
        }
        Ok(())
    }

    fn answer_of_table(&self, target: &str, input: &[u8], to: &mut impl Write) -> io::Result<()> {
        let operation = target.rsplit('.').next().unwrap_or_default();
        let headers = [("content-type", "application/x-amz-json-1.0")];
        match self.table.run(operation, serde_json::from_slice(input)?) {
            Ok(output) => http::answer(to, "200 OK", &headers, output.to_string().as_bytes()),
            Err(error) => http::answer(to, "400 Bad Request", &headers, error.as_bytes()),
        }
    }

    fn answer_of_source(&self, call: &Head, to: &mut impl Write) -> io::Result<()> {
        let xml = [("content-type", "application/xml")];
        if call.parameter("list-type").is_some() {
            let most = call.parameter("max-keys").and_then(|most| most.parse().ok()).unwrap_or(1_000);
            let listing = self.files.listing(call.parameter("start-after"), most);
            return http::answer(to, "200 OK", &xml, listing.as_bytes());
        }
        let Some(number) = self.files.find(call.path()) else {
            let error = "<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>";
            return http::answer(to, "404 Not Found", &xml, error.as_bytes());
        };
        let tag = format!("\"{number:032x}\"");
        let headers = [
            ("content-type", "application/octet-stream"),
            ("etag", tag.as_str()),
            ("last-modified", "Mon, 05 Jan 2026 10:00:00 GMT"),
        ];
        to.write_all(http::head_of_answer("200 OK", &headers, self.files.bytes(number)).as_bytes())?;
        self.files.write(number, to)
    }
}

impl Store {
    fn connect(to: SocketAddr) -> io::Result<Self> {
        let to = TcpStream::connect(to)?;
        to.set_nodelay(true)?;
        Ok(Self { from: BufReader::new(to.try_clone()?), to })
    }

    /// Passes a call on and its answer back, and says how many bytes the body of
    /// each had.
    fn pass(&mut self, call: &Head, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<(u64, u64)> {
        self.to.write_all(&call.bytes)?;
        let up = http::pass(call.framing(), from, &mut self.to)?;
        let answer = loop {
            let answer = Head::read(&mut self.from)?.ok_or(ErrorKind::UnexpectedEof)?;
            // One below 200 only says that an answer will come.
            if answer.status() >= 200 {
                break answer;
            }
        };
        to.write_all(&answer.bytes)?;
        let is_without_body = call.call().0 == "HEAD" || matches!(answer.status(), 204 | 304);
        let down = if is_without_body { 0 } else { http::pass(answer.framing(), &mut self.from, to)? };
        Ok((up, down))
    }
}

fn locked(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}
