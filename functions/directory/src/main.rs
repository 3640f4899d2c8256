use directory::Directory;
use habeas_aws::{Aws, Table, required};
use habeas_lambda::{LambdaEvent, StartError, init, serve_task};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let directory = Directory { table: Table::new(&Aws::from_env()?, required("TABLE")?) };
    serve_task(async |event: LambdaEvent<_>| directory.learn(event.payload).await).await
}
