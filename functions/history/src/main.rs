use habeas_aws::Aws;
use habeas_lambda::{StartError, init, now, number, serve_http, table};
use history::History;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let table = table(&aws)?;
    let history = History {
        directory: table.clone(),
        requests: table,
        page_requests_max: number("PAGE_REQUESTS_MAX")?,
    };
    serve_http(async |call| history.answer(&call, now()).await).await
}
