use anchor::Anchoring;
use habeas_aws::{Aws, Bucket, required};
use habeas_lambda::{LambdaEvent, StartError, Tick, init, now, serve_task, table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let anchoring = Anchoring { table: table(&aws)?, bucket: Bucket::new(&aws, required("ANCHOR_BUCKET")?) };
    serve_task(async |_: LambdaEvent<Tick>| anchoring.run(now()).await).await
}
