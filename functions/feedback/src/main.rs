use feedback::Feedback;
use habeas_aws::{Aws, Table, required};
use habeas_lambda::{LambdaEvent, StartError, init, now, serve_task};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let feedback = Feedback { table: Table::new(&Aws::from_env()?, required("TABLE")?) };
    serve_task(async |event: LambdaEvent<_>| feedback.record(event.payload, now()).await).await
}
