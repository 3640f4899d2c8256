use habeas_aws::Aws;
use habeas_lambda::{StartError, init, now, serve_http, table};
use ledger::Ledger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let table = table(&Aws::from_env()?)?;
    let ledger = Ledger { directory: table.clone(), settings: table };
    serve_http(async |call| ledger.answer(&call, now()).await).await
}
