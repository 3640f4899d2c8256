use habeas_aws::{Aws, Buckets};
use habeas_lambda::{LambdaEvent, StartError, init, now, serve_task, table};
use tidy::{Input, Tidy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let tidy = Tidy {
        table: table(&aws)?,
        work: Buckets::from_env(&aws, "WORK_BUCKET")?,
        archives: Buckets::from_env(&aws, "ARCHIVE_BUCKET")?,
    };
    serve_task(async |event: LambdaEvent<Input>| tidy.tidy(&event.payload, now()).await).await
}
