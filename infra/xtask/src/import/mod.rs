//! The operator's bulk import: who is who, from two files into Habeas's own
//! directory of accounts and members.
//!
//! Rows pass through by the hundred, each is checked by the rules that events
//! are checked by, and what is refused stops nothing else.

mod accounts;
mod cells;
mod importer;
mod lines;
mod members;
mod refusals;
mod rows;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use chrono::{DateTime, ParseError, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use habeas_aws::{Aws, Table};
use habeas_domain::{Account, Member, StoreError};
use habeas_local::{Progress, Stack};

use crate::local::{DEFAULT_STACK, aws_of};
use crate::ui::Ui;
use crate::{Outcome, root};
use accounts::Accounts;
use importer::{Checked, Importer, Row, Sink, Tally};
use members::Members;
use refusals::Refusals;

#[derive(Args)]
pub(crate) struct Options {
    /// The accounts: a JSON array of objects with account_id, name, plan and country.
    #[arg(value_name = "ACCOUNTS_JSON")]
    accounts: PathBuf,
    /// The people: a CSV file with the columns account_id, email, name and role.
    #[arg(value_name = "MEMBERS_CSV")]
    members: PathBuf,
    /// The local stack to import into.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_STACK, conflicts_with = "table")]
    stack: String,
    /// The table on AWS to import into: the stack's output `TableName`. Takes the region and
    /// the credentials from AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
    #[arg(long, value_name = "TABLE", requires = "as_of")]
    table: Option<String>,
    /// When what the files say was true, such as 2026-01-05T10:00:00Z: the time at which they
    /// were made. What Habeas has learnt of an account or a person since then stays as it is.
    /// For a local stack, now where it is left out.
    #[arg(long, value_name = "RFC3339", value_parser = rfc3339)]
    as_of: Option<DateTime<Utc>>,
    /// A new file to write down in what was refused: a CSV file with the columns file, number
    /// (of the line, or of the entry in ACCOUNTS_JSON) and reason.
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

/// Imports what the options name, and fails if any of it was refused.
pub(crate) async fn run(options: &Options) -> Outcome {
    let now = now();
    let as_of = options.as_of.unwrap_or(now);
    if as_of > now {
        return Err("--as-of lies in the future: until then, no event would change what is imported".into());
    }
    let table = match &options.table {
        Some(name) => Table::new(&Aws::from_env()?, name.clone(), TimeDelta::zero()),
        None => table_of(&Stack::open(&root(), &options.stack)?),
    };
    let ui = Ui::new();
    let files = Files { accounts: &options.accounts, members: &options.members };
    let imported = files.import(Directory { table, as_of }, options.refused.as_deref(), &ui).await;
    ui.finish();
    imported
}

/// Imports the accounts.json and the members.csv of a folder of sample data.
pub(crate) async fn folder(stack: &Stack, dir: &Path, ui: &Ui) -> Outcome {
    let (accounts, members) = (dir.join("accounts.json"), dir.join("members.csv"));
    let files = Files { accounts: &accounts, members: &members };
    files.import(Directory { table: table_of(stack), as_of: now() }, None, ui).await
}

/// Where the rows come from.
struct Files<'a> {
    accounts: &'a Path,
    members: &'a Path,
}

impl Files<'_> {
    /// Both files are opened before anything is written, so that a slip in a name
    /// does not leave half of an import.
    async fn import(&self, directory: Directory, refused: Option<&Path>, ui: &Ui) -> Outcome {
        let Accounts { rows, ids } = accounts::read(open(self.accounts)?).map_err(of(self.accounts))?;
        let members = BufReader::new(open(self.members)?);
        let members = Members::open(members, &ids).map_err(of(self.members))?;
        let refusals = refused.map_or_else(|| Ok(Refusals::default()), Refusals::in_file)?;
        ui.step("Importing accounts and members");
        let started = Instant::now();
        let heard = |tally: &Tally| {
            let rows = tally.rows();
            let rate = rows as f64 / started.elapsed().as_secs_f64();
            ui.count(&format!("Imported {rows} rows, {rate:.0} a second, {} refused", tally.refused));
        };
        let mut importer = Importer::new(&directory, refusals, &heard);
        let passed = pass(&mut importer, rows, members).await;
        let Importer { tally, mut refusals, .. } = importer;
        let written_down = refusals.finish();
        for line in tally.report(started.elapsed()).into_iter().chain(refusals.report(tally.refused)) {
            ui.say(&line);
        }
        if let Err(error) = passed {
            let as_of = directory.as_of.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            ui.say(&format!("It was cut short. To go on, import again with --as-of {as_of}."));
            return Err(error);
        }
        written_down?;
        match tally.refused {
            0 => Ok(()),
            refused => Err(format!("{refused} rows were refused; the others are imported").into()),
        }
    }
}

/// Accounts go first, so that nobody is ever in an account that is not there.
async fn pass<S: Sink>(
    importer: &mut Importer<'_, S>,
    accounts: Vec<Checked<Account>>,
    members: impl Iterator<Item = io::Result<Checked<Row>>>,
) -> Outcome {
    importer.take(accounts.into_iter().map(|row| Ok(row.map(Row::Account)))).await?;
    importer.take(members).await
}

/// Habeas's own directory, as of a moment.
struct Directory {
    table: Table,
    as_of: DateTime<Utc>,
}

impl Sink for Directory {
    async fn account(&self, account: &Account) -> Result<bool, StoreError> {
        self.table.import_account(account, self.as_of).await
    }

    async fn member(&self, member: &Member) -> Result<bool, StoreError> {
        self.table.import_member(member, self.as_of).await
    }
}

fn table_of(stack: &Stack) -> Table {
    Table::new(&aws_of(stack), stack.state().table.clone(), TimeDelta::zero())
}

fn open(path: &Path) -> Outcome<File> {
    File::open(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Names the file that an error is about.
fn of(path: &Path) -> impl FnOnce(Box<dyn std::error::Error>) -> Box<dyn std::error::Error> {
    move |error| format!("{}: {error}", path.display()).into()
}

fn rfc3339(text: &str) -> Result<DateTime<Utc>, ParseError> {
    DateTime::parse_from_rfc3339(text).map(|at| at.to_utc())
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
