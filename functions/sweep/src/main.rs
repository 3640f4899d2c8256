use std::time::Duration;

use chrono::TimeDelta;
use habeas_aws::{Aws, Buckets, StateMachine, required};
use habeas_lambda::{
    Function, LambdaEvent, StartError, Tick, deadline, init, now, number, serve_task, stamp, table,
};
use habeas_work::Expiry;
use sweep::Sweep;

/// What is kept back of an invocation's time to report.
const RESERVE: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let table = table(&aws)?;
    let notify = Function::new(&aws, required("NOTIFY_FUNCTION")?);
    let archives = Buckets::from_env(&aws, "ARCHIVE_BUCKET")?;
    let sweep = Sweep {
        table: table.clone(),
        machine: StateMachine::new(&aws, required("STATE_MACHINE")?),
        relocations: StateMachine::new(&aws, required("RELOCATION_MACHINE")?),
        expiry: Expiry { table, archives },
        tidy: notify.another(required("TIDY_FUNCTION")?),
        notify,
        stamp,
        deletion_wait: TimeDelta::seconds(number("DELETION_WAIT_SECONDS")?),
    };
    serve_task(async |tick: LambdaEvent<Tick>| Ok(sweep.sweep(now(), deadline(&tick.context, RESERVE)).await))
        .await
}
