use chrono::{DateTime, Utc};
use habeas_domain::{Kind, RequestId, Status, Warning};
use habeas_letter::Language;

use super::Occasion;
use super::english::English;
use super::german::German;

/// Everything that mails say, in one language. Another language is one more
/// file that implements this, and one more `Language`: the compiler asks for
/// each sentence, and for a heading of each occasion.
///
/// The methods get dates, counts and ids, never a request: no language can put
/// a person into a mail who does not belong there.
pub(super) trait Phrases {
    /// Also the subject of the mail, hence fixed: nobody can type into it.
    fn heading(&self, occasion: Occasion, kind: Kind) -> &'static str;

    /// Without a name where the recipient has none, or is whoever is on call.
    fn greeting(&self, name: Option<&str>) -> String;

    // To whoever filed the request. `requested` always follows the greeting.

    fn requested(&self, kind: Kind, people: usize, on: DateTime<Utc>) -> String;
    fn revocable_until(&self, starts_at: DateTime<Utc>) -> String;
    fn answered_by(&self, due_at: DateTime<Utc>) -> String;
    fn downloadable_until(&self, bytes: u64, expires_at: DateTime<Utc>) -> String;
    /// Follows `downloadable_until`.
    fn gone_afterwards(&self) -> &'static str;
    fn deleted(&self) -> &'static str;
    /// The reason is a sentence in English, whatever the language of the mail:
    /// it is kept with the request as it was found.
    fn failure(&self, reason: &str) -> String;
    fn what_a_failure_means(&self, kind: Kind) -> &'static str;
    fn canceled(&self) -> &'static str;
    /// Stands before the address of the page, and is the text of its link.
    fn see_request(&self) -> &'static str;
    fn why_requestor(&self, id: RequestId) -> [String; 2];

    // To the operator. `open_request` always follows the greeting.

    /// The status is named as in the API and the table, where it is looked up.
    fn open_request(&self, id: RequestId, kind: Kind, people: usize, status: Status) -> String;
    /// A warning may arrive late, so what it says is left is the most there can be.
    fn due(&self, warning: Warning, due_at: DateTime<Utc>) -> String;
    fn where_to_look(&self, id: RequestId) -> String;
    fn why_operator(&self) -> [String; 2];
}

pub(super) fn of(language: Language) -> &'static dyn Phrases {
    match language {
        Language::English => &English,
        Language::German => &German,
    }
}
