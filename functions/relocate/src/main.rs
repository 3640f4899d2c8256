use std::time::Duration;

use habeas_aws::{Aws, Buckets};
use habeas_lambda::{LambdaEvent, StartError, deadline, init, now, serve_task, table};
use relocate::{Input, Relocate};

/// What is kept back of an invocation's time to finish the part under way.
const RESERVE: Duration = Duration::from_secs(120);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let shelves = Buckets::from_env(&aws, "ARCHIVE_BUCKET")?;
    let relocate = Relocate { table: table(&aws)?, shelves, clock: now };
    serve_task(async |event: LambdaEvent<Input>| {
        relocate.relocate(&event.payload, deadline(&event.context, RESERVE)).await
    })
    .await
}
