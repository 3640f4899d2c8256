use habeas_aws::Aws;
use habeas_lambda::{StartError, init, now, serve_http, table};
use habeas_sources::{DataMapParticipants, Stores};
use habeas_work::load_map;
use preview::{COUNTED_WITHIN, DataMapCensus, PreviewDeletion};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let table = table(&aws)?;
    let map = load_map()?;
    let stores = Stores::new(&aws);
    let preview = PreviewDeletion {
        directory: table.clone(),
        participants: DataMapParticipants { map: map.clone(), stores: stores.clone() },
        census: DataMapCensus { map, stores },
        previews: table,
        within: COUNTED_WITHIN,
    };
    serve_http(async |call| preview.answer(&call, now()).await).await
}
