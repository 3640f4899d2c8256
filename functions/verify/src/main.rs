use habeas_aws::Aws;
use habeas_lambda::{LambdaEvent, StartError, init, now, serve_task};
use habeas_work::{Ground, RequestInput};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let ground = Ground::from_env(&Aws::from_env()?)?;
    serve_task(async |event: LambdaEvent<RequestInput>| verify::verify(&ground, &event.payload, now()).await)
        .await
}
