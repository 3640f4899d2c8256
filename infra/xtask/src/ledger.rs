//! Checks the ledgers of a deployment: every entry, and every anchor.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use habeas_aws::{Aws, Table};
use habeas_domain::{AccountId, Anchor, BrokenLedger, Choices, Digest, Head, LedgerCheck};
use habeas_local::{Progress, Stack};

use crate::local::{DEFAULT_STACK, aws_of};
use crate::ui::Ui;
use crate::{Outcome, chain};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Recomputes every ledger from its first entry, and compares it with its anchors and with the
    /// choices in force.
    Verify(Verify),
}

#[derive(Args)]
pub(crate) struct Verify {
    /// One account; all of them where none is named.
    #[arg(long)]
    account: Option<String>,
    /// Which local stack.
    #[arg(long, default_value = DEFAULT_STACK, conflicts_with = "table")]
    stack: String,
    /// A table of AWS, with the credentials and the region of the environment.
    #[arg(long, requires = "anchors")]
    table: Option<String>,
    /// The bucket with that deployment's anchors (its output `AnchorBucket`).
    #[arg(long, requires = "table")]
    anchors: Option<String>,
}

/// Where ledgers and their anchors are.
struct Source {
    table: Table,
    s3: Client,
    bucket: String,
}

/// What was anchored of one ledger.
#[derive(Default)]
struct Anchored {
    /// The hashes by the number of their entry: one each, unless somebody has
    /// written the ledger anew.
    heads: BTreeMap<u64, BTreeSet<Digest>>,
    last: Option<DateTime<Utc>>,
}

type Anchors = BTreeMap<AccountId, Anchored>;

/// Ledgers are anchored every night; one that has not been for two days is not watched.
const ANCHORED_WITHIN: TimeDelta = TimeDelta::days(2);

/// How often a ledger is read that changes meanwhile.
const READINGS_MAX: u32 = 10;
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn run(command: &Command) -> Outcome {
    let Command::Verify(options) = command;
    let source = Source::open(options)?;
    let one = options.account.as_deref().map(AccountId::parse).transpose();
    let one = one.map_err(|error| format!("--account: {error}"))?;
    let ui = Ui::new();
    ui.step("Reading anchors");
    let anchors = source.anchors(one.as_ref()).await?;
    let accounts = match one {
        Some(account) => vec![account],
        None => source.accounts(&anchors).await?,
    };
    let nothing = Anchored::default();
    let (mut broken, mut entries) = (0, 0);
    for account in &accounts {
        ui.step(&format!("Verifying the ledger of {account}"));
        let anchored = anchors.get(account).unwrap_or(&nothing);
        // What cannot be read of one ledger keeps no other from being verified.
        let verified = match source.verify(account, anchored).await {
            Ok(verified) => verified,
            Err(error) => {
                broken += 1;
                ui.say(&format!("{account}: could not be read: {}", chain(error.as_ref())));
                continue;
            }
        };
        match verified {
            Ok(head) if head.number == 0 && options.account.is_some() => {
                broken += 1;
                ui.say(&format!("{account}: there is no ledger of such an account"));
            }
            Ok(head) => {
                entries += head.number;
                let number = head.number;
                ui.say(&format!("{account}: {number} entries as they were written; {}", anchored.said()));
            }
            Err(found) => {
                broken += 1;
                ui.say(&format!("{account}: {found}"));
            }
        }
    }
    ui.finish();
    if broken > 0 {
        return Err(format!("{broken} of {} ledgers did not verify", accounts.len()).into());
    }
    println!("{} ledgers with {entries} entries are as they were written.", accounts.len());
    Ok(())
}

impl Anchored {
    /// How far the anchors vouch for a ledger.
    fn said(&self) -> String {
        let now: DateTime<Utc> = SystemTime::now().into();
        match (self.heads.last_key_value(), self.last) {
            (Some((number, _)), Some(last)) if now - last <= ANCHORED_WITHIN => {
                format!("anchored up to entry {number}")
            }
            (Some((number, _)), Some(last)) => {
                format!("WARNING: anchored up to entry {number}, and not since {}", last.format("%Y-%m-%d"))
            }
            _ => "WARNING: not anchored yet, which is done every night".to_owned(),
        }
    }
}

impl Source {
    fn open(options: &Verify) -> Outcome<Self> {
        let (aws, table, bucket) = match (&options.table, &options.anchors) {
            (Some(table), Some(anchors)) => (Aws::from_env()?, table.clone(), anchors.clone()),
            _ => {
                let stack = Stack::open(&crate::root(), &options.stack)?;
                let state = stack.state();
                (aws_of(&stack), state.table.clone(), state.anchor_bucket.clone())
            }
        };
        Ok(Self { table: Table::new(&aws, table, TimeDelta::zero()), s3: aws.s3(), bucket })
    }

    /// All anchors there are: also those that a later version or a delete
    /// marker hides.
    async fn anchors(&self, of: Option<&AccountId>) -> Outcome<Anchors> {
        let mut anchors = Anchors::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let page = self
                .s3
                .list_object_versions()
                .bucket(&self.bucket)
                .prefix("anchors/")
                .set_key_marker(key_marker)
                .set_version_id_marker(version_marker)
                .send()
                .await?;
            for version in page.versions() {
                let key = version.key().unwrap_or_default();
                let object = self.s3.get_object().bucket(&self.bucket).key(key);
                let object =
                    object.set_version_id(version.version_id().map(ToOwned::to_owned)).send().await?;
                let lines = object.body.collect().await?.to_vec();
                for line in String::from_utf8(lines)?.lines() {
                    let anchor: Anchor = serde_json::from_str(line)
                        .map_err(|error| format!("s3://{}/{key}: {error}", self.bucket))?;
                    if of.is_some_and(|of| *of != anchor.account) {
                        continue;
                    }
                    let anchored = anchors.entry(anchor.account).or_default();
                    anchored.heads.entry(anchor.number).or_default().insert(anchor.hash);
                    anchored.last = anchored.last.max(Some(anchor.at));
                }
            }
            if page.is_truncated() != Some(true) {
                return Ok(anchors);
            }
            key_marker = page.next_key_marker().map(ToOwned::to_owned);
            version_marker = page.next_version_id_marker().map(ToOwned::to_owned);
        }
    }

    /// Those with a ledger, and those that had one when it was anchored.
    async fn accounts(&self, anchors: &Anchors) -> Outcome<Vec<AccountId>> {
        let mut accounts: Vec<_> = anchors.keys().cloned().collect();
        let mut after = None;
        loop {
            let page = self.table.ledgers(after).await?;
            if page.unreadable > 0 {
                return Err(format!("{} rows that name a ledger are not readable", page.unreadable).into());
            }
            accounts.extend(page.rows);
            after = page.next;
            if after.is_none() {
                accounts.sort();
                accounts.dedup();
                return Ok(accounts);
            }
        }
    }

    /// Goes through one ledger, a page at a time. What changes meanwhile is read
    /// too, until entries, head and settings are of one moment.
    async fn verify(&self, account: &AccountId, anchored: &Anchored) -> Outcome<Result<Head, BrokenLedger>> {
        let mut check = LedgerCheck::new(account.clone());
        let mut agreed = Ok(Head::default());
        for _ in 0..READINGS_MAX {
            if let Err(broken) = self.take_all(account, &mut check, anchored).await? {
                return Ok(Err(broken));
            }
            let head = self.table.ledger_head(account).await?.unwrap_or_default();
            let house = self.table.household(account).await?;
            agreed = check.clone().finish(&head);
            if let (Ok(_), Some(house)) = (&agreed, &house) {
                agreed = check.agree(&house.settings).map(|()| head);
            }
            if agreed.is_ok() {
                let people = self.table.of_people(&check.members()).await?;
                agreed = agreed.and_then(|head| check.agree_with_members(&people).map(|()| head));
            }
            if agreed.is_ok() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let end = check.head().number;
        Ok(match anchored.heads.last_key_value() {
            Some((last, _)) if *last > end => Err(BrokenLedger::Cut { found: end, head: *last }),
            _ => agreed,
        })
    }

    /// Takes all entries there are now.
    async fn take_all(
        &self,
        account: &AccountId,
        check: &mut LedgerCheck,
        anchored: &Anchored,
    ) -> Outcome<Result<(), BrokenLedger>> {
        loop {
            let page = self.table.entries_from(account, check.head().number + 1).await?;
            if page.is_empty() {
                return Ok(Ok(()));
            }
            for (number, sealed) in page {
                let mut hashes = anchored.heads.get(&number).into_iter().flatten();
                let taken = check.take(number, &sealed);
                let fits = taken.and_then(|_| {
                    hashes.try_for_each(|hash| check.compare(&Head { number, hash: hash.clone() }))
                });
                if let Err(broken) = fits {
                    return Ok(Err(broken));
                }
            }
        }
    }
}
