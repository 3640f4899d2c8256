use std::env;

use habeas_aws::{Aws, Mailer, required};
use habeas_domain::EmailAddress;
use habeas_lambda::{LambdaEvent, StartError, init, now, serve_task, table};
use notify::{Input, Language, Notify};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let language = required("MAIL_LANGUAGE")?;
    let notify = Notify {
        table: table(&aws)?,
        mailer: Mailer::new(&aws, required("SENDER")?, required("CONFIGURATION_SET")?),
        language: Language::parse(&language)
            .ok_or_else(|| format!("MAIL_LANGUAGE: no mails in {language}"))?,
        operator: operator()?,
        page_url: required("PAGE_URL")?,
    };
    serve_task(async |event: LambdaEvent<Input>| notify.tell(&event.payload, now()).await).await
}

/// A deployment need not name anybody; whom it names must be reachable.
fn operator() -> Result<Option<EmailAddress>, StartError> {
    let address = env::var("OPERATOR").unwrap_or_default();
    if address.is_empty() {
        return Ok(None);
    }
    Ok(Some(EmailAddress::parse(&address).map_err(|error| format!("OPERATOR: {error}"))?))
}
