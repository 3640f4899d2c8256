use std::time::Duration;

use consent::{Consents, Input, Language};
use habeas_aws::{Aws, Mailer, required};
use habeas_lambda::{LambdaEvent, StartError, deadline, init, now, published_terms, serve_task, table};

/// What is kept back of an invocation's time for what is under way.
const RESERVE: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    init();
    let aws = Aws::from_env()?;
    let language = required("MAIL_LANGUAGE")?;
    let consents = Consents {
        table: table(&aws)?,
        mailer: Mailer::new(&aws, required("SENDER")?, required("CONFIGURATION_SET")?),
        language: Language::parse(&language)
            .ok_or_else(|| format!("MAIL_LANGUAGE: no mails in {language}"))?,
        settings_url: required("SETTINGS_URL")?,
        terms: published_terms()?,
        clock: now,
    };
    serve_task(async |event: LambdaEvent<Input>| {
        consents.run(&event.payload, deadline(&event.context, RESERVE)).await
    })
    .await
}
