use habeas_aws::{Aws, Bucket, StateMachine, Table, required};
use habeas_lambda::{Function, LambdaEvent, StartError, init, now, number, serve_task};
use habeas_work::Expiry;
use sweep::{Sweep, Tick};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let table = Table::new(&aws, required("TABLE")?).keeping_records(number("RECORD_DAYS")?);
    let archives = Bucket::new(&aws, required("ARCHIVE_BUCKET")?);
    let sweep = Sweep {
        table: table.clone(),
        machine: StateMachine::new(&aws, required("STATE_MACHINE")?),
        expiry: Expiry { table, archives },
        notify: Function::new(&aws, required("NOTIFY_FUNCTION")?),
        tidy: Function::new(&aws, required("TIDY_FUNCTION")?),
    };
    serve_task(async |_: LambdaEvent<Tick>| Ok(sweep.sweep(now()).await)).await
}
