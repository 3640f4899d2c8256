use habeas_aws::{Aws, optional, required};
use habeas_domain::Offer;
use habeas_lambda::{Function, StartError, init, now, published_terms, serve_http, table};
use settings::SettingsApi;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let api = SettingsApi {
        settings: table(&aws)?,
        consent: Function::new(&aws, required("CONSENT_FUNCTION")?),
        offer: Offer { terms: published_terms()?, eea: optional("EEA_ARCHIVE_BUCKET").is_some() },
    };
    serve_http(async |call| api.answer(&call, now()).await).await
}
