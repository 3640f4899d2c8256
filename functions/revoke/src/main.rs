use habeas_aws::{Aws, required};
use habeas_lambda::{Function, StartError, init, now, serve_http, table};
use revoke::Revoke;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let revoke = Revoke { requests: table(&aws)?, notify: Function::new(&aws, required("NOTIFY_FUNCTION")?) };
    serve_http(async |call| revoke.answer(&call, now()).await).await
}
