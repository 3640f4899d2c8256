use std::fs;
use std::path::PathBuf;

use clap::Args;
use habeas_archive::{Manifest, RequestReport, SubjectReport};
use habeas_aws::Aws;
use habeas_domain::{AccountId, DateRange, EmailAddress};
use habeas_local::{Progress, Stack};
use habeas_sources::{Cursor, DataMap, Part, Source, SourceError, Stores, Subject, Walk, identify};

use crate::local::{DEFAULT_STACK, aws_of};
use crate::ui::Ui;
use crate::{Outcome, root};

/// The account that the emulator has everybody in.
const LOCAL_ACCOUNT: &str = "000000000000";

#[derive(Args)]
pub(super) struct Comparison {
    /// Counts the records in the sources too, as they are now, and compares.
    ///
    /// Records that came or went since the export differ rightly.
    #[arg(long)]
    pub(super) sources: bool,
    /// Which local stack the sources are in.
    #[arg(long, default_value = DEFAULT_STACK, conflicts_with = "aws_account", requires = "sources")]
    stack: String,
    /// The AWS account that they are in, with the credentials and the region of the environment.
    #[arg(long, value_name = "ID", requires = "sources")]
    aws_account: Option<String>,
    /// The map that the export was made by. Default: infra/data-map.toml
    #[arg(long, value_name = "FILE", requires = "sources")]
    data_map: Option<PathBuf>,
}

/// Where the sources are.
struct Place {
    stores: Stores,
    map: DataMap,
}

/// Every count that is not what the sources hold now.
pub(super) async fn differences(manifest: &Manifest, options: &Comparison, ui: &Ui) -> Outcome<Vec<String>> {
    let place = Place::open(options)?;
    let mut differences = Vec::new();
    for report in &manifest.subjects {
        let address = report.address.as_str();
        ui.step(&format!("Counting what the sources hold of {address}"));
        let mut subject = subject(&manifest.request, report)?;
        subject.ids = identify(&place.stores, &place.map, &subject).await?;
        for collection in report.data_types.iter().flat_map(|data_type| &data_type.collections) {
            let Some(source) = place.map.source(&collection.source) else {
                differences.push(format!("{address}: the data map has no source `{}`", collection.source));
                continue;
            };
            let held = place.count(source, &subject).await?;
            if held != collection.records {
                let (name, archived) = (&collection.source, collection.records);
                differences.push(format!("{address}: {name} holds {held} records, the archive {archived}"));
            }
        }
    }
    Ok(differences)
}

impl Place {
    fn open(options: &Comparison) -> Outcome<Self> {
        let (aws, account) = match &options.aws_account {
            Some(account) => (Aws::from_env()?, account.as_str()),
            None => (aws_of(&Stack::open(&root(), &options.stack)?), LOCAL_ACCOUNT),
        };
        let region = aws.sdk_config().region().map(ToString::to_string).unwrap_or_default();
        let path = options.data_map.clone().unwrap_or_else(|| root().join("infra/data-map.toml"));
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let map = DataMap::parse(&text, account, &region)?;
        let stores = Stores::new(&aws);
        Ok(Self { stores, map })
    }

    /// How many records a walk from the start to the end gives. A file is a record
    /// of its own.
    async fn count(&self, source: &Source, subject: &Subject) -> Result<u64, SourceError> {
        let mut count = 0;
        for number in 0..source.scan_parts {
            let part = Part { number, of: source.scan_parts };
            let walk = Walk::new(&self.stores, &self.map, source, subject).through_part(part);
            let mut next = Some(Cursor::default());
            while let Some(at) = next {
                let page = walk.page(&at).await?;
                count += page.found.len() as u64;
                next = page.next;
            }
        }
        Ok(count)
    }
}

fn subject(request: &RequestReport, report: &SubjectReport) -> Outcome<Subject> {
    let email = EmailAddress::parse(report.address.as_str())?;
    let day = |day: &str| day.parse().map_err(|error| format!("{day}: {error}"));
    let range = request.date_range.as_ref();
    let range =
        range.map(|range| Ok::<_, String>(DateRange { from: day(&range.from)?, to: day(&range.to)? }));
    Ok(Subject::new(email, AccountId::parse(&request.account)?, range.transpose()?))
}
