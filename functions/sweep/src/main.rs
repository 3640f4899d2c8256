use habeas_aws::{Aws, Bucket, StateMachine, Table, required};
use habeas_lambda::{Function, LambdaEvent, StartError, init, now, serve_task};
use sweep::{Sweep, Tick};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let sweep = Sweep {
        table: Table::new(&aws, required("TABLE")?),
        machine: StateMachine::new(&aws, required("STATE_MACHINE")?),
        archives: Bucket::new(&aws, required("ARCHIVE_BUCKET")?),
        notify: Function::new(&aws, required("NOTIFY_FUNCTION")?),
        tidy: Function::new(&aws, required("TIDY_FUNCTION")?),
    };
    serve_task(async |_: LambdaEvent<Tick>| Ok(sweep.sweep(now()).await)).await
}
