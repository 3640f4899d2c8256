use std::io::{self, BufRead, Read};

/// A line with an address, an id and a name is far shorter.
pub(super) const LINE_BYTES_MAX: u64 = 4 << 10;

/// The lines of a file, one at a time, whatever is in them.
///
/// A line is a row: a quotation mark that nobody closed would otherwise make one
/// row of the whole rest of the file, which would then be lost, and fill the
/// memory before that.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    line: Vec<u8>,
}

/// A line with its number, counted from one.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    /// Ends with a line feed and nothing else. Nothing where it is too long.
    pub(super) text: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0, line: Vec::new() }
    }

    /// The next line that is not empty.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            let mut part = self.reader.by_ref().take(LINE_BYTES_MAX + 1);
            if part.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.line.len() as u64 > LINE_BYTES_MAX && !self.line.ends_with(b"\n") {
                self.reader.skip_until(b'\n')?;
                return Ok(Some(Line { number: self.number, text: None }));
            }
            self.tidy();
            if !self.line.is_empty() {
                break;
            }
        }
        self.line.push(b'\n');
        Ok(Some(Line { number: self.number, text: Some(&self.line) }))
    }

    /// Drops the byte order mark, and what stands at the end of a line.
    fn tidy(&mut self) {
        if self.number == 1 && self.line.starts_with(b"\xEF\xBB\xBF") {
            self.line.drain(..3);
        }
        let end = self.line.trim_ascii_end().len();
        self.line.truncate(end);
    }
}
