use decide::Decide;
use habeas_aws::Aws;
use habeas_domain::CacheTimes;
use habeas_lambda::{StartError, init, number, published_terms, serve_http, table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let decide = Decide {
        choices: table(&Aws::from_env()?)?,
        terms: published_terms()?,
        cache: CacheTimes {
            allow_seconds: number("ALLOW_CACHE_SECONDS")?,
            deny_seconds: number("DENY_CACHE_SECONDS")?,
        },
    };
    serve_http(async |call| decide.answer(&call).await).await
}
