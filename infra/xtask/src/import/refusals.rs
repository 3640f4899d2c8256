use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::Outcome;

/// More would fill the screen, and who has made one mistake has often made it everywhere.
pub(super) const SHOWN_MAX: usize = 20;

/// A row that is not imported, and why. It repeats nothing of the row, which
/// may hold personal data: whoever has the file finds it by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) place: Place,
    pub(super) reason: String,
}

/// Where a row stands, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Entry(u64),
    Line(u64),
}

/// What was refused: all of it in a file if there is one, and the first for the screen.
#[derive(Default)]
pub(super) struct Refusals {
    first: Vec<Refusal>,
    file: Option<csv::Writer<Box<dyn Write>>>,
}

impl Refusals {
    /// With a file that must be new: a slip must not write over the data.
    pub(super) fn in_file(path: &Path) -> Outcome<Self> {
        let file = File::create_new(path)
            .map_err(|error| format!("{}: {error}: name a new file", path.display()))?;
        Ok(Self::written_to(Box::new(file))?)
    }

    pub(super) fn written_to(file: Box<dyn Write>) -> io::Result<Self> {
        let mut file = csv::Writer::from_writer(file);
        file.write_record(["file", "number", "reason"])?;
        Ok(Self { first: Vec::new(), file: Some(file) })
    }

    pub(super) fn note(&mut self, refusal: Refusal) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            let number = refusal.place.number().to_string();
            file.write_record([refusal.place.file(), &number, &refusal.reason])?;
        }
        if self.first.len() < SHOWN_MAX {
            self.first.push(refusal);
        }
        Ok(())
    }

    /// Lines for the screen, where so many were refused.
    pub(super) fn report(&self, refused: u64) -> Vec<String> {
        let mut lines = Vec::new();
        if refused > 0 {
            lines.push(format!("Refused {refused} rows:"));
        }
        lines.extend(self.first.iter().map(|refusal| format!("  {}: {}", refusal.place, refusal.reason)));
        let more = refused.saturating_sub(self.first.len() as u64);
        if more > 0 {
            let all =
                if self.file.is_some() { "the file has them all" } else { "--refused FILE writes them all" };
            lines.push(format!("  and {more} more: {all}"));
        }
        lines
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), csv::Writer::flush)
    }
}

impl Place {
    fn file(self) -> &'static str {
        match self {
            Self::Entry(_) => "accounts",
            Self::Line(_) => "members",
        }
    }

    fn number(self) -> u64 {
        match self {
            Self::Entry(number) | Self::Line(number) => number,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(number) => write!(f, "accounts, entry {number}"),
            Self::Line(number) => write!(f, "members, line {number}"),
        }
    }
}
