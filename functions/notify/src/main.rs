use habeas_aws::{Aws, Mailer, Table, required};
use habeas_lambda::{LambdaEvent, StartError, init, now, serve_task};
use notify::{Input, Notify};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let notify = Notify {
        table: Table::new(&aws, required("TABLE")?),
        mailer: Mailer::new(&aws, required("SENDER")?),
        page_url: required("PAGE_URL")?,
    };
    serve_task(async |event: LambdaEvent<Input>| notify.tell(&event.payload, now()).await).await
}
