use directory::Directory;
use habeas_aws::Aws;
use habeas_lambda::{LambdaEvent, StartError, init, now, serve_task, table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let directory = Directory { table: table(&Aws::from_env()?)? };
    serve_task(async |event: LambdaEvent<_>| directory.learn(event.payload, now()).await).await
}
