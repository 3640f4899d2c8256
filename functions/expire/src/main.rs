use expire::Expire;
use habeas_aws::{Aws, Buckets};
use habeas_lambda::{LambdaEvent, StartError, init, now, serve_task, table};
use habeas_work::Expiry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let table = table(&aws)?;
    let archives = Buckets::from_env(&aws, "ARCHIVE_BUCKET")?;
    let expire = Expire { expiry: Expiry { table, archives } };
    serve_task(async |event: LambdaEvent<_>| Ok(expire.handle(event.payload, now()).await)).await
}
