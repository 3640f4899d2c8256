use chrono::TimeDelta;
use download::Download;
use habeas_aws::{Aws, Buckets};
use habeas_lambda::{StartError, init, now, number, serve_http, table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let download = Download {
        requests: table(&aws)?,
        archives: Buckets::from_env(&aws, "ARCHIVE_BUCKET")?,
        link: TimeDelta::seconds(number("LINK_SECONDS")?),
    };
    serve_http(async |call| download.answer(&call, now()).await).await
}
