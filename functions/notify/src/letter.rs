mod english;
mod german;
mod occasion;
mod phrases;
mod size;
#[cfg(test)]
mod tests;

use habeas_aws::Letter;
use habeas_domain::{Kind, Request};
use habeas_letter::{Content, Link, one_line};

use phrases::Phrases;

pub use habeas_letter::Language;
pub use occasion::Occasion;

/// What is longer is no name, and the mail must stay readable.
const NAME_CHARS_MAX: usize = 100;

/// Our own reasons are a sentence or two; a source's name in them can be long.
const FAILURE_CHARS_MAX: usize = 500;

/// Writes a mail: a warning to the operator, and everything else to whoever
/// filed the request. The subject never contains anything that a person typed.
pub fn letter(
    occasion: Occasion,
    request: &Request,
    language: Language,
    page_url: &str,
) -> Result<Letter, askama::Error> {
    content(occasion, request, language, page_url).letter()
}

fn content(occasion: Occasion, request: &Request, language: Language, page_url: &str) -> Content {
    let phrases = phrases::of(language);
    let for_operator = occasion.is_for_operator();
    let name = one_line(&request.requestor.name, NAME_CHARS_MAX);
    let name = Some(name.as_str()).filter(|name| !for_operator && !name.is_empty());
    let footer = if for_operator { phrases.why_operator() } else { phrases.why_requestor(request.id) };
    // The operator is no member of the account and cannot see the page.
    let link = (!for_operator)
        .then(|| Link { url: format!("{page_url}/{}", request.id), text: phrases.see_request() });
    Content {
        language,
        heading: phrases.heading(occasion, request.kind),
        greeting: phrases.greeting(name),
        sentences: sentences(occasion, request, phrases),
        link,
        footer: footer.into(),
    }
}

/// Which sentences an occasion needs, whatever the language.
fn sentences(occasion: Occasion, request: &Request, phrases: &dyn Phrases) -> Vec<String> {
    let people = request.subjects.len();
    let requested = phrases.requested(request.kind, people, request.created_at);
    let archive = request.archive.as_ref();
    let archive = archive.map(|archive| phrases.downloadable_until(archive.bytes, archive.expires_at));
    let failure = request.failure.as_ref();
    let failure = failure.map(|failure| phrases.failure(&one_line(failure, FAILURE_CHARS_MAX)));
    match (occasion, request.kind) {
        (Occasion::Received, _) => {
            vec![requested, phrases.revocable_until(request.starts_at), phrases.answered_by(request.due_at)]
        }
        (Occasion::Completed, Kind::Export) => [Some(requested), archive].into_iter().flatten().collect(),
        (Occasion::Completed, Kind::Delete) => vec![requested, phrases.deleted().to_owned()],
        (Occasion::Failed, kind) => {
            let what_now = phrases.what_a_failure_means(kind).to_owned();
            [Some(requested), failure, Some(what_now)].into_iter().flatten().collect()
        }
        (Occasion::Canceled, _) => vec![requested, phrases.canceled().to_owned()],
        (Occasion::Expiring, _) => {
            let gone = archive.is_some().then(|| phrases.gone_afterwards().to_owned());
            [Some(requested), archive, gone].into_iter().flatten().collect()
        }
        (Occasion::Escalated(warning), kind) => vec![
            phrases.open_request(request.id, kind, people, request.status),
            phrases.due(warning, request.due_at),
            phrases.where_to_look(request.id),
        ],
    }
}
