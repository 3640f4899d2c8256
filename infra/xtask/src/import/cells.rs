use csv_core::{ReadRecordResult, Reader};

use super::lines::LINE_BYTES_MAX;

/// Far more than a line should have.
const CELLS_MAX: usize = 64;

/// Takes lines of a CSV file apart (RFC 4180), each for itself.
pub(super) struct Cells {
    reader: Reader,
    text: Vec<u8>,
    ends: [usize; CELLS_MAX],
}

impl Cells {
    pub(super) fn new() -> Self {
        // No line has more in its cells than it has itself.
        Self { reader: Reader::new(), text: vec![0; LINE_BYTES_MAX as usize + 1], ends: [0; CELLS_MAX] }
    }

    /// The cells of a line that ends with a line feed, without the white space around them.
    pub(super) fn split(&mut self, line: &[u8]) -> Result<Vec<&str>, String> {
        self.reader.reset();
        let (result, taken, _, count) = self.reader.read_record(line, &mut self.text, &mut self.ends);
        match result {
            ReadRecordResult::Record if taken == line.len() => {}
            ReadRecordResult::Record => return Err("a carriage return stands within the line".to_owned()),
            ReadRecordResult::OutputEndsFull => return Err(format!("more than {CELLS_MAX} fields")),
            _ => return Err("a quotation mark is not closed within the line".to_owned()),
        }
        let mut start = 0;
        let cells = self.ends[..count].iter().map(|&end| {
            let cell = std::str::from_utf8(&self.text[start..end]);
            start = end;
            cell.map(str::trim).map_err(|_| "the line is not UTF-8".to_owned())
        });
        cells.collect()
    }
}
