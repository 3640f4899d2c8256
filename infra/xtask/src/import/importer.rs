use std::collections::HashSet;
use std::io;
use std::time::Duration;

use futures::{StreamExt, stream};
use habeas_domain::{Account, Member, StoreError};

use super::refusals::{Refusal, Refusals};
use crate::Outcome;

/// So many rows are read before they are written: enough to keep the writes
/// busy, and little memory whatever the length of the file.
pub(super) const ROWS_AT_ONCE_MAX: usize = 256;

/// DynamoDB answers within some ten milliseconds, so this makes some 3,000
/// writes a second; a new on-demand table takes 4,000.
pub(super) const WRITES_AT_ONCE_MAX: usize = 32;

/// A row that is in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row {
    Account(Account),
    Member(Member),
}

/// What was read: a row, or why it is none.
pub(super) type Checked<T> = Result<T, Refusal>;

/// Where rows go. Says of each whether it was written, or something as new is
/// known already.
pub(super) trait Sink {
    async fn account(&self, account: &Account) -> Result<bool, StoreError>;
    async fn member(&self, member: &Member) -> Result<bool, StoreError>;
}

/// What became of rows of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) written: u64,
    /// Left, because something as new is known already.
    pub(super) known: u64,
}

/// What became of all rows so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) accounts: Count,
    pub(super) members: Count,
    pub(super) refused: u64,
}

/// Takes rows to a sink, some at a time, and keeps count.
pub(super) struct Importer<'a, S> {
    sink: &'a S,
    pub(super) tally: Tally,
    pub(super) refusals: Refusals,
    /// Hears how far it has come, after every few rows.
    hear: &'a dyn Fn(&Tally),
}

impl<'a, S: Sink> Importer<'a, S> {
    pub(super) fn new(sink: &'a S, refusals: Refusals, hear: &'a dyn Fn(&Tally)) -> Self {
        Self { sink, tally: Tally::default(), refusals, hear }
    }

    /// Takes all rows, and stops only where one cannot be read or written at all.
    pub(super) async fn take(&mut self, mut rows: impl Iterator<Item = io::Result<Checked<Row>>>) -> Outcome {
        loop {
            let (read, batch) = self.read(&mut rows)?;
            if read == 0 {
                return Ok(());
            }
            self.write(batch).await?;
            (self.hear)(&self.tally);
        }
    }

    /// The next rows that are in order, and how many were looked at. Of rows about
    /// the same only the first is kept: two writes at a time would have no order.
    fn read(
        &mut self,
        rows: &mut impl Iterator<Item = io::Result<Checked<Row>>>,
    ) -> io::Result<(usize, Vec<Row>)> {
        let (mut read, mut seen, mut batch) = (0, HashSet::new(), Vec::new());
        for row in rows.take(ROWS_AT_ONCE_MAX) {
            read += 1;
            match row? {
                Ok(row) if seen.insert(row.key()) => batch.push(row),
                Ok(row) => self.tally.of(&row).known += 1,
                Err(refusal) => {
                    self.tally.refused += 1;
                    self.refusals.note(refusal)?;
                }
            }
        }
        Ok((read, batch))
    }

    async fn write(&mut self, batch: Vec<Row>) -> Result<(), StoreError> {
        let sink = self.sink;
        let writes = stream::iter(batch).map(|row| async move {
            let is_new = match &row {
                Row::Account(account) => sink.account(account).await?,
                Row::Member(member) => sink.member(member).await?,
            };
            Ok::<_, StoreError>((row, is_new))
        });
        let mut writes = writes.buffer_unordered(WRITES_AT_ONCE_MAX);
        while let Some(written) = writes.next().await {
            let (row, is_new) = written?;
            let count = self.tally.of(&row);
            if is_new {
                count.written += 1;
            } else {
                count.known += 1;
            }
        }
        Ok(())
    }
}

impl Tally {
    pub(super) fn rows(&self) -> u64 {
        let Self { accounts, members, refused } = self;
        accounts.written + accounts.known + members.written + members.known + refused
    }

    /// Lines for the screen.
    pub(super) fn report(&self, took: Duration) -> Vec<String> {
        let Self { accounts, members, .. } = self;
        let seconds = took.as_secs_f64();
        let mut lines = vec![format!(
            "Imported {} accounts and {} members in {seconds:.0} s.",
            accounts.written, members.written
        )];
        if accounts.known + members.known > 0 {
            lines.push(format!(
                "Left {} accounts and {} members as they are: something as new is known of them already.",
                accounts.known, members.known
            ));
        }
        lines
    }

    fn of(&mut self, row: &Row) -> &mut Count {
        match row {
            Row::Account(_) => &mut self.accounts,
            Row::Member(_) => &mut self.members,
        }
    }
}

impl Row {
    /// The same for rows about the same account or person.
    fn key(&self) -> String {
        match self {
            Self::Account(account) => account.id.to_string(),
            Self::Member(member) => member.email.as_str().to_owned(),
        }
    }
}
