use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use habeas_domain::{EmailAddress, StoreError};

use crate::Aws;
use crate::error::unavailable;

/// Sends mail through SES from one verified address.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    sender: String,
    /// Where SES reports what became of a mail.
    configuration_set: String,
}

/// A mail, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why there is no id of a message.
#[derive(Debug, thiserror::Error)]
pub enum Unsent {
    /// SES has not taken the mail, so nobody gets it.
    #[error("the mail was refused")]
    Refused(#[source] StoreError),
    /// SES may have taken the mail.
    #[error("nobody knows whether the mail was taken")]
    Unknown(#[source] StoreError),
}

/// A name and a value of letters, digits and `-_.@`.
pub type MailTag<'a> = (&'static str, &'a str);

impl From<StoreError> for Unsent {
    fn from(fault: StoreError) -> Self {
        Self::Refused(fault)
    }
}

impl Mailer {
    #[must_use]
    pub fn new(aws: &Aws, sender: String, configuration_set: String) -> Self {
        Self { client: aws.ses(), sender, configuration_set }
    }

    /// Sends the letter and returns the id that SES gave the message. Its tags
    /// say what it is about, so that a bounce finds the way back.
    pub async fn send(
        &self,
        to: &EmailAddress,
        letter: &Letter,
        tags: &[MailTag<'_>],
    ) -> Result<String, Unsent> {
        let tags = tags.iter().map(|(name, value)| tag(name, value)).collect::<Result<_, _>>()?;
        let body = Body::builder().text(content(&letter.text)?).html(content(&letter.html)?).build();
        let message = Message::builder().subject(content(&letter.subject)?).body(body).build();
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.sender)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .configuration_set_name(&self.configuration_set)
            .set_email_tags(Some(tags))
            .send()
            .await
            .map_err(|error| {
                // SES repeats addresses in its messages; the code says enough.
                let code = error.code().unwrap_or("no answer").to_owned();
                let fault = StoreError::Unavailable(format!("SES did not take the mail: {code}").into());
                let refused = error.raw_response().is_some_and(|reply| reply.status().is_client_error());
                if refused { Unsent::Refused(fault) } else { Unsent::Unknown(fault) }
            })?;
        Ok(sent.message_id.unwrap_or_default())
    }
}

fn content(data: &str) -> Result<Content, StoreError> {
    Content::builder().data(data).charset("UTF-8").build().map_err(unavailable)
}

fn tag(name: &str, value: &str) -> Result<MessageTag, StoreError> {
    MessageTag::builder().name(name).value(value).build().map_err(unavailable)
}
