use habeas_aws::{Aws, Bucket, Table, required};
use habeas_lambda::{LambdaEvent, StartError, init, serve_task};
use tidy::{Input, Tidy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let tidy = Tidy {
        table: Table::new(&aws, required("TABLE")?),
        work: Bucket::new(&aws, required("WORK_BUCKET")?),
        archives: Bucket::new(&aws, required("ARCHIVE_BUCKET")?),
    };
    serve_task(async |event: LambdaEvent<Input>| tidy.tidy(&event.payload).await).await
}
