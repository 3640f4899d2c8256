use habeas_lambda::{StartError, init, serve_http};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    serve_http(async |call| openapi::answer(&call)).await
}
