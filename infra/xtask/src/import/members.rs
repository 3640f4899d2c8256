use std::collections::BTreeSet;
use std::io::{self, BufRead};

use habeas_domain::{AccountId, Member};

use super::cells::Cells;
use super::importer::{Checked, Row};
use super::lines::{LINE_BYTES_MAX, Line, Lines};
use super::refusals::{Place, Refusal};
use super::rows;
use crate::Outcome;

const COLUMNS: [&str; 4] = ["account_id", "email", "name", "role"];

/// The members of a CSV file, read one line at a time.
pub(super) struct Members<'a, R> {
    lines: Lines<R>,
    cells: Cells,
    /// Where in a line each of the columns stands.
    order: [usize; COLUMNS.len()],
    accounts: &'a BTreeSet<AccountId>,
}

impl<'a, R: BufRead> Members<'a, R> {
    /// Reads the first line, which names the columns.
    pub(super) fn open(file: R, accounts: &'a BTreeSet<AccountId>) -> Outcome<Self> {
        let (mut lines, mut cells) = (Lines::new(file), Cells::new());
        let first = lines.next_line()?.and_then(|line| line.text);
        let order = first.and_then(|line| order(&cells.split(line).ok()?)).ok_or_else(|| {
            let columns = COLUMNS.join(", ");
            format!("the first line must name the columns {columns}, in any order, with commas between them")
        })?;
        Ok(Self { lines, cells, order, accounts })
    }
}

impl<R: BufRead> Iterator for Members<'_, R> {
    type Item = io::Result<Checked<Row>>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = match self.lines.next_line() {
            Ok(line) => line?,
            Err(error) => return Some(Err(error)),
        };
        let place = Place::Line(line.number);
        let member = read(&line, &mut self.cells, self.order, self.accounts);
        Some(Ok(member.map(Row::Member).map_err(|reason| Refusal { place, reason })))
    }
}

fn order(names: &[&str]) -> Option<[usize; COLUMNS.len()]> {
    let mut order = [0; COLUMNS.len()];
    for (place, column) in order.iter_mut().zip(COLUMNS) {
        *place = names.iter().position(|name| name.eq_ignore_ascii_case(column))?;
    }
    (names.len() == COLUMNS.len()).then_some(order)
}

fn read(
    line: &Line<'_>,
    cells: &mut Cells,
    order: [usize; COLUMNS.len()],
    accounts: &BTreeSet<AccountId>,
) -> Result<Member, String> {
    let text = line.text.ok_or_else(|| format!("the line is longer than {LINE_BYTES_MAX} bytes"))?;
    let cells = cells.split(text)?;
    if cells.len() != COLUMNS.len() {
        let few = if cells.len() < COLUMNS.len() { "few" } else { "many" };
        return Err(format!("too {few} fields: {} of {}", cells.len(), COLUMNS.len()));
    }
    let member = rows::member(order.map(|place| cells[place]))?;
    if accounts.contains(&member.account) {
        Ok(member)
    } else {
        Err("`account_id`: not among the accounts, or its account was refused".to_owned())
    }
}
