use habeas_aws::Aws;
use habeas_lambda::{StartError, hold_stamp, init, serve_http, table};
use habeas_work::load_map;
use holds::Holds;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let holds = Holds { table: table(&aws)?, map: load_map()? };
    serve_http(async |call| {
        let (id, now) = hold_stamp();
        holds.answer(&call, id, now).await
    })
    .await
}
