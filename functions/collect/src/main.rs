use std::time::Duration;

use habeas_aws::{Aws, Macs, required};
use habeas_lambda::{LambdaEvent, StartError, deadline, init, now, serve_task};
use habeas_work::Ground;

/// What is kept back of an invocation's time to write the step's result.
const RESERVE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let (ground, macs) = (Ground::from_env(&aws)?, Macs::new(&aws, required("DIGEST_KEY")?));
    serve_task(async |event: LambdaEvent<_>| {
        let deadline = deadline(&event.context, RESERVE);
        collect::collect(&ground, &macs, event.payload, now(), deadline).await
    })
    .await
}
