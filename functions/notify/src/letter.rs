use askama::Template;
use chrono::{DateTime, Utc};
use habeas_aws::Letter;
use habeas_domain::{Kind, Request};

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    Received,
    Completed,
    Failed,
    Canceled,
}

impl Occasion {
    /// The name under which the mail is remembered as sent.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

#[derive(Template)]
#[template(path = "mail.txt", escape = "none")]
struct Text<'a> {
    content: &'a Content<'a>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    content: &'a Content<'a>,
}

/// What both forms of a mail say. No address and no name but the recipient's
/// own: mail is read over shoulders, and forwarded.
struct Content<'a> {
    name: &'a str,
    heading: &'static str,
    sentences: Vec<String>,
    link: String,
    id: String,
}

/// Writes a mail. The subject never contains anything that a person typed.
pub fn letter(occasion: Occasion, request: &Request, page_url: &str) -> Result<Letter, askama::Error> {
    let content = Content {
        name: &request.requestor.name,
        heading: heading(occasion, request.kind),
        sentences: sentences(occasion, request),
        link: format!("{page_url}/{}", request.id),
        id: request.id.to_string(),
    };
    Ok(Letter {
        subject: content.heading.to_owned(),
        text: Text { content: &content }.render()?,
        html: Html { content: &content }.render()?,
    })
}

fn heading(occasion: Occasion, kind: Kind) -> &'static str {
    match (kind, occasion) {
        (Kind::Export, Occasion::Received) => "Your data export request was received",
        (Kind::Export, Occasion::Completed) => "Your data export is ready",
        (Kind::Export, Occasion::Failed) => "Your data export failed",
        (Kind::Export, Occasion::Canceled) => "Your data export was canceled",
        (Kind::Delete, Occasion::Received) => "Your data deletion request was received",
        (Kind::Delete, Occasion::Completed) => "Your data deletion is completed",
        (Kind::Delete, Occasion::Failed) => "Your data deletion failed",
        (Kind::Delete, Occasion::Canceled) => "Your data deletion was canceled",
    }
}

fn sentences(occasion: Occasion, request: &Request) -> Vec<String> {
    let people = match request.subjects.len() {
        1 => "1 person".to_owned(),
        several => format!("{several} people"),
    };
    let about = match request.kind {
        Kind::Export => format!("an export of the personal data of {people}"),
        Kind::Delete => format!("a deletion of the personal data of {people}"),
    };
    let mut sentences = vec![format!("On {} you requested {about}.", day(request.created_at))];
    match (occasion, request.kind) {
        (Occasion::Received, _) => {
            sentences.push(format!("You can take the request back until {}.", moment(request.starts_at)));
            sentences.push(format!("It will be answered by {} at the latest.", day(request.due_at)));
        }
        (Occasion::Completed, Kind::Export) => {
            if let Some(archive) = &request.archive {
                sentences.push(format!(
                    "The archive ({}) can be downloaded until {}.",
                    size(archive.bytes),
                    moment(archive.expires_at)
                ));
            }
        }
        (Occasion::Completed, Kind::Delete) => {
            sentences
                .push("The data has been deleted, and the data sources were checked afterwards.".to_owned());
        }
        (Occasion::Failed, _) => {
            sentences.extend(request.failure.clone());
            sentences.push(match request.kind {
                Kind::Export => "No archive was made. You can file the request again.".to_owned(),
                Kind::Delete => {
                    "Some data may have been deleted already. You can file the request again without harm."
                        .to_owned()
                }
            });
        }
        (Occasion::Canceled, _) => {
            sentences
                .push("It was taken back before it started. Nothing was collected or deleted.".to_owned());
        }
    }
    sentences
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut whole, mut rest, mut unit) = (bytes, 0, "bytes");
    for larger in UNITS {
        if whole < 1024 {
            break;
        }
        (rest, whole, unit) = (whole % 1024, whole / 1024, larger);
    }
    if unit == "bytes" { format!("{whole} bytes") } else { format!("{whole}.{} {unit}", rest * 10 / 1024) }
}

#[cfg(test)]
mod tests {
    use habeas_domain::{Archive, EmailAddress, Role, Status};
    use habeas_testkit::request;

    use super::*;

    fn example(kind: Kind) -> Request {
        Request { kind, ..request() }
    }

    #[test]
    fn the_mail_about_a_finished_export_points_to_the_page_and_not_to_the_file() {
        let archive = Archive {
            key: "archives/secret.zip".into(),
            bytes: 1_572_864,
            expires_at: "2026-04-05T10:05:00Z".parse().unwrap(),
        };
        let request = Request { archive: Some(archive), status: Status::Completed, ..example(Kind::Export) };
        let letter = letter(Occasion::Completed, &request, "https://privacy.example/requests").unwrap();
        insta::assert_snapshot!("export_completed_text", letter.text);
        insta::assert_snapshot!("export_completed_html", letter.html);
        assert!(!letter.text.contains("secret") && !letter.html.contains("secret"));
    }

    #[test]
    fn every_mail_reads_as_written() {
        for kind in [Kind::Export, Kind::Delete] {
            for occasion in [Occasion::Received, Occasion::Failed, Occasion::Canceled] {
                let failure = Some("The data source `chat_messages` did not answer.".to_owned());
                let request = Request { failure, ..example(kind) };
                let letter = letter(occasion, &request, "https://privacy.example/requests").unwrap();
                let name = format!("{kind}_{}", occasion.name());
                insta::assert_snapshot!(name, format!("{}\n\n{}", letter.subject, letter.text));
            }
        }
    }

    #[test]
    fn no_subject_of_a_request_is_named_in_a_mail() {
        let subjects = vec![EmailAddress::parse("somebody@amber.example").unwrap()];
        let request = Request { subjects, ..example(Kind::Delete) };
        for occasion in [Occasion::Received, Occasion::Completed, Occasion::Failed, Occasion::Canceled] {
            let letter = letter(occasion, &request, "https://privacy.example/requests").unwrap();
            assert!(!format!("{letter:?}").contains("somebody"));
        }
    }

    #[test]
    fn a_name_with_markup_in_it_stays_text() {
        let mut request = example(Kind::Export);
        request.requestor.name = "<script>alert(1)</script>\r\nBcc: x@y.example".into();
        assert_eq!(request.requestor.role, Role::Admin);
        let letter = letter(Occasion::Received, &request, "https://privacy.example/requests").unwrap();
        assert!(!letter.html.contains("<script>"));
        assert!(!letter.subject.contains("Bcc"));
    }

    #[test]
    fn sizes_are_in_binary_units() {
        for (bytes, text) in [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")] {
            assert_eq!(size(bytes), text);
        }
    }
}
