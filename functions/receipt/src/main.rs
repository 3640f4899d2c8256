use habeas_aws::{Aws, Signer, required};
use habeas_lambda::{StartError, init, serve_http, table};
use receipt::Receipt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let receipt = Receipt { requests: table(&aws)?, key: Signer::new(&aws, required("RECEIPT_KEY")?) };
    serve_http(async |call| receipt.answer(&call).await).await
}
