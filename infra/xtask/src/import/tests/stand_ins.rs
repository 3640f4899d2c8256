use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::rc::Rc;

use habeas_domain::{Account, Member, StoreError};

use crate::import::importer::Sink;

/// The directory as the table keeps it: at one moment, the first to tell counts.
#[derive(Default)]
pub(super) struct Memory {
    /// Names by id or address.
    pub(super) names: RefCell<BTreeMap<String, String>>,
    done: Cell<u64>,
    running: Cell<usize>,
    pub(super) running_most: Cell<usize>,
    /// How many lines have been read so far, where a test counts them.
    pub(super) read: Rc<Cell<u64>>,
    pub(super) ahead_most: Cell<u64>,
    /// After so many rows it answers no longer.
    fails_after: Option<u64>,
}

impl Memory {
    pub(super) fn failing_after(rows: u64) -> Self {
        Self { fails_after: Some(rows), ..Self::default() }
    }

    async fn put(&self, key: &str, name: &str) -> Result<bool, StoreError> {
        self.running.set(self.running.get() + 1);
        self.running_most.set(self.running_most.get().max(self.running.get()));
        self.ahead_most.set(self.ahead_most.get().max(self.read.get().saturating_sub(self.done.get())));
        tokio::task::yield_now().await;
        self.running.set(self.running.get() - 1);
        if self.fails_after.is_some_and(|rows| self.done.get() >= rows) {
            return Err(StoreError::Unavailable("it is down".into()));
        }
        self.done.set(self.done.get() + 1);
        let mut names = self.names.borrow_mut();
        let is_new = !names.contains_key(key);
        names.entry(key.to_owned()).or_insert_with(|| name.to_owned());
        Ok(is_new)
    }

    pub(super) fn name(&self, key: &str) -> Option<String> {
        self.names.borrow().get(key).cloned()
    }
}

impl Sink for Memory {
    async fn account(&self, account: &Account) -> Result<bool, StoreError> {
        self.put(account.id.as_str(), &account.name).await
    }

    async fn member(&self, member: &Member) -> Result<bool, StoreError> {
        self.put(member.email.as_str(), &member.name).await
    }
}

/// The file of what was refused.
#[derive(Clone, Default)]
pub(super) struct RefusedFile(Rc<RefCell<Vec<u8>>>);

impl Write for RefusedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl RefusedFile {
    pub(super) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.borrow().clone()).unwrap();
        text.lines().skip(1).map(ToOwned::to_owned).collect()
    }
}

/// A long file whose lines are made when they are read. Every thousandth is bad.
pub(super) struct LongFile {
    lines: u64,
    made: Rc<Cell<u64>>,
    rest: Vec<u8>,
}

impl LongFile {
    pub(super) fn new(lines: u64, made: &Rc<Cell<u64>>) -> Self {
        Self { lines, made: Rc::clone(made), rest: Vec::new() }
    }
}

impl Read for LongFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.made.get() < self.lines {
            let number = self.made.get() + 1;
            self.made.set(number);
            self.rest = match number {
                1 => "account_id,email,name,role\n".into(),
                bad if bad % 1_000 == 0 => "amber,nobody,Nobody,member\n".into(),
                good => format!("amber,p{good}@amber.example,Person {good},member\n").into(),
            };
        }
        let count = self.rest.len().min(into.len());
        into[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}
