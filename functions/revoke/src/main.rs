use habeas_aws::{Aws, Table, required};
use habeas_lambda::{Function, StartError, init, now, number, serve_http};
use revoke::Revoke;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let revoke = Revoke {
        requests: Table::new(&aws, required("TABLE")?).keeping_records(number("RECORD_DAYS")?),
        notify: Function::new(&aws, required("NOTIFY_FUNCTION")?),
    };
    serve_http(async |call| revoke.answer(&call, now()).await).await
}
