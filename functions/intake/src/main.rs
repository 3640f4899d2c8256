use chrono::TimeDelta;
use habeas_aws::{Aws, StateMachine, required};
use habeas_domain::Waits;
use habeas_lambda::{StartError, init, number, serve_http, stamp, table};
use habeas_sources::{DataMapParticipants, Stores};
use habeas_work::load_map;
use intake::Intake;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let table = table(&aws)?;
    let intake = Intake {
        directory: table.clone(),
        participants: DataMapParticipants { map: load_map()?, stores: Stores::new(&aws) },
        requests: table,
        executions: StateMachine::new(&aws, required("STATE_MACHINE")?),
        waits: Waits {
            export: TimeDelta::seconds(number("EXPORT_WAIT_SECONDS")?),
            delete: TimeDelta::seconds(number("DELETION_WAIT_SECONDS")?),
        },
    };
    serve_http(async |call| intake.answer(&call, stamp()).await).await
}
