use std::time::Duration;

use chrono::Days;
use habeas_aws::{Aws, Buckets, optional};
use habeas_lambda::{LambdaEvent, StartError, deadline, init, now, number, serve_task};
use habeas_work::Ground;
use package::Package;

/// What is kept back of an invocation's time to finish the part under way.
const RESERVE: Duration = Duration::from_secs(120);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let package = Package {
        ground: Ground::from_env(&aws)?,
        archives: Buckets::from_env(&aws, "ARCHIVE_BUCKET")?,
        keep: Days::new(keep()?),
    };
    serve_task(async |event: LambdaEvent<_>| {
        package.package(&event.payload, now(), deadline(&event.context, RESERVE)).await
    })
    .await
}

/// The buckets' own lifecycles must not remove what can still be downloaded.
fn keep() -> Result<u64, StartError> {
    let keep: u64 = number("ARCHIVE_DAYS")?;
    if keep >= number("ARCHIVE_BACKSTOP_DAYS")? {
        return Err("ArchiveDays must be less than ArchiveBackstopDays".into());
    }
    if optional("EEA_ARCHIVE_BUCKET").is_some() && keep >= number("EEA_ARCHIVE_BACKSTOP_DAYS")? {
        return Err("ArchiveDays must be less than EeaArchiveBackstopDays".into());
    }
    Ok(keep)
}
