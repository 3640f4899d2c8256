use std::time::Duration;

use habeas_aws::{Aws, Buckets, Macs, Signer, required};
use habeas_lambda::{LambdaEvent, StartError, deadline, init, now, serve_task};
use habeas_work::{Expiry, Ground};
use verify::{Input, Verify};

/// What is kept back of an invocation's time to conclude.
const RESERVE: Duration = Duration::from_secs(120);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let ground = Ground::from_env(&aws)?;
    let archives = Buckets::from_env(&aws, "ARCHIVE_BUCKET")?;
    let verify = Verify {
        expiry: Expiry { table: ground.table.clone(), archives },
        macs: Macs::new(&aws, required("DIGEST_KEY")?),
        signer: Signer::new(&aws, required("RECEIPT_KEY")?),
        ground,
    };
    serve_task(async |event: LambdaEvent<Input>| {
        verify.verify(&event.payload, now(), deadline(&event.context, RESERVE)).await
    })
    .await
}
