//! As much of HTTP/1.1 as goes between a function and what it calls.

use std::io::{self, BufRead, ErrorKind, Read, Write};

/// More than any call or answer has in front of its body.
const HEAD_BYTES_MAX: u64 = 64 << 10;

const LINE_END: &[u8] = b"\r\n";

/// What stands in front of a body.
#[derive(Debug)]
pub(crate) struct Head {
    /// As it came, to be passed on.
    pub(crate) bytes: Vec<u8>,
    first: String,
    /// Names are in lower case.
    headers: Vec<(String, String)>,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Bytes(u64),
    Chunks,
}

impl Head {
    /// Reads a head, or nothing where the connection has ended instead.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        loop {
            let line = line(from)?;
            match line.as_slice() {
                [] if bytes.is_empty() => return Ok(None),
                [] => return Err(ErrorKind::UnexpectedEof.into()),
                LINE_END => break,
                line => bytes.extend_from_slice(line),
            }
            if bytes.len() as u64 > HEAD_BYTES_MAX {
                return Err(io::Error::other("a head is longer than any is"));
            }
        }
        let (first, headers) = parsed(&String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(LINE_END);
        Ok(Some(Self { bytes, first, headers }))
    }

    /// The method and the target of a call.
    pub(crate) fn call(&self) -> (&str, &str) {
        let mut words = self.first.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn framing(&self) -> Framing {
        if self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return Framing::Chunks;
        }
        let bytes = self.header("content-length").and_then(|length| length.parse().ok());
        Framing::Bytes(bytes.unwrap_or_default())
    }

    /// What of the target tells a call's parameters, by name. Values are encoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.call().1.split_once('?')?;
        let mut parameters = query.split('&').map(|part| part.split_once('=').unwrap_or((part, "")));
        parameters.find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The path of the target, which is encoded too.
    pub(crate) fn path(&self) -> &str {
        let (_, target) = self.call();
        target.split_once('?').map_or(target, |(path, _)| path)
    }
}

/// The first line of a head, and its headers.
fn parsed(head: &str) -> (String, Vec<(String, String)>) {
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    (first, headers.collect())
}

/// Reads the body of a call that fits into memory.
pub(crate) fn body(head: &Head, from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let Framing::Bytes(bytes) = head.framing() else {
        return Err(io::Error::other("a call came in chunks"));
    };
    let mut body = Vec::new();
    pass_bytes(bytes, from, &mut body)?;
    Ok(body)
}

/// Passes a body on as it is framed, and says how many bytes it has.
pub(crate) fn pass(framing: Framing, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<u64> {
    let mut passed = 0;
    match framing {
        Framing::Bytes(bytes) => passed = pass_bytes(bytes, from, to)?,
        Framing::Chunks => loop {
            let size = line(from)?;
            to.write_all(&size)?;
            let bytes = chunk_bytes(&size)?;
            if bytes == 0 {
                pass_trailers(from, to)?;
                break;
            }
            passed += pass_bytes(bytes, from, to)?;
            pass_bytes(LINE_END.len() as u64, from, to)?;
        },
    }
    Ok(passed)
}

/// Answers a call with a body that is at hand.
pub(crate) fn answer(
    to: &mut impl Write,
    status: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let mut answer = head_of_answer(status, headers, body.len() as u64).into_bytes();
    answer.extend_from_slice(body);
    to.write_all(&answer)
}

/// What stands in front of a body of so many bytes.
pub(crate) fn head_of_answer(status: &str, headers: &[(&str, &str)], bytes: u64) -> String {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {bytes}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head
}

/// A line with its end, or nothing where the connection has ended.
fn line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.by_ref().take(HEAD_BYTES_MAX).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn pass_bytes(bytes: u64, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<u64> {
    let passed = io::copy(&mut from.by_ref().take(bytes), to)?;
    if passed == bytes { Ok(passed) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn pass_trailers(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    loop {
        let line = line(from)?;
        to.write_all(&line)?;
        match line.as_slice() {
            [] => return Err(ErrorKind::UnexpectedEof.into()),
            LINE_END => return Ok(()),
            _ => {}
        }
    }
}

/// The number in front of a chunk, which may have extensions behind it.
fn chunk_bytes(line: &[u8]) -> io::Result<u64> {
    let text = String::from_utf8_lossy(line);
    let digits = text.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(digits, 16).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_says_what_is_asked_for_and_how_long_its_body_is() {
        let call =
            b"PUT /work/a%20b?partNumber=2&uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcPUT";
        let mut from = call.as_slice();
        let head = Head::read(&mut from).unwrap().unwrap();
        assert_eq!(head.call(), ("PUT", "/work/a%20b?partNumber=2&uploads"));
        assert_eq!(head.path(), "/work/a%20b");
        assert_eq!((head.parameter("partNumber"), head.parameter("uploads")), (Some("2"), Some("")));
        assert_eq!((head.parameter("part"), head.header("host")), (None, Some("a")));
        assert!(head.bytes.ends_with(b"Content-Length: 3\r\n\r\n"));
        assert_eq!(body(&head, &mut from).unwrap(), b"abc");
        assert_eq!(from, b"PUT");
    }

    #[test]
    fn a_body_in_chunks_is_passed_on_as_it_is() {
        let answer = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n\
                       4;x=1\r\nabcd\r\na\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\nrest";
        let mut from = answer.as_slice();
        let head = Head::read(&mut from).unwrap().unwrap();
        assert_eq!((head.status(), head.framing()), (404, Framing::Chunks));
        let mut passed = Vec::new();
        assert_eq!(pass(head.framing(), &mut from, &mut passed).unwrap(), 14);
        assert_eq!(passed, answer[head.bytes.len()..answer.len() - 4]);
        assert_eq!(from, b"rest");
    }

    #[test]
    fn what_ends_too_early_is_told_from_what_has_ended() {
        assert!(Head::read(&mut b"".as_slice()).unwrap().is_none());
        assert!(Head::read(&mut b"GET / HTTP/1.1\r\nHost".as_slice()).is_err());
        assert!(pass(Framing::Bytes(4), &mut b"abc".as_slice(), &mut Vec::new()).is_err());
    }
}
