use habeas_aws::{Aws, Bucket, required};
use habeas_lambda::{LambdaEvent, StartError, init, serve_task, table};
use tidy::{Input, Tidy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let tidy = Tidy {
        table: table(&aws)?,
        work: Bucket::new(&aws, required("WORK_BUCKET")?),
        archives: Bucket::new(&aws, required("ARCHIVE_BUCKET")?),
    };
    serve_task(async |event: LambdaEvent<Input>| tidy.tidy(&event.payload).await).await
}
