use std::time::Duration;

use habeas_aws::Aws;
use habeas_lambda::{LambdaEvent, StartError, deadline, init, now, serve_task};
use habeas_work::Ground;

/// What is kept back of an invocation's time to finish what is under way.
const RESERVE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let ground = Ground::from_env(&Aws::from_env()?)?;
    serve_task(async |event: LambdaEvent<_>| {
        erase::erase(&ground, event.payload, now(), deadline(&event.context, RESERVE)).await
    })
    .await
}
