use chrono::{DateTime, Utc};
use habeas_domain::{Actor, ContentClass};
use habeas_letter::Language;

use super::Occasion;
use super::english::English;
use super::german::German;

/// Everything that mails say, in one language. Another language is one more
/// file that implements this, and one more `Language`: the compiler asks for
/// each sentence, a heading of each occasion, and a name of each class.
///
/// The methods get days, roles and names of content, never an entry: no
/// language can put a person, or what a person typed, into a mail.
pub(super) trait Phrases {
    /// Also the subject of the mail, hence fixed: nobody can type into it.
    fn heading(&self, occasion: Occasion) -> &'static str;

    fn greeting(&self) -> &'static str;

    /// The names of the classes that every deployment has, in the order of
    /// `ContentClass::ALWAYS`.
    fn classes(&self) -> [&'static str; ContentClass::ALWAYS.len()];

    /// Stands between the last two names of a list.
    fn and(&self) -> &'static str;

    // One of these four always follows the greeting. `what` is a list of names.

    fn given(&self, on: DateTime<Utc>, by: Actor, what: &str) -> String;
    fn withdrawn(&self, on: DateTime<Utc>, by: Actor, what: &str) -> String;
    fn changed(&self, on: DateTime<Utc>, by: Actor, given: &str, withdrawn: &str) -> String;
    fn lapsed(&self, on: DateTime<Utc>, what: &str) -> String;

    /// Without a URL where the terms have changed since: it leads to others.
    fn agreed_to(&self, version: &str, url: Option<&str>) -> String;
    /// By the account (GDPR Art. 7(3)), and by each member for themselves.
    fn can_be_taken_back(&self) -> &'static str;
    /// Follows a withdrawal. Some content may still have consent.
    fn nothing_new(&self) -> &'static str;
    fn terms_are_now(&self, version: &str, url: &str) -> String;
    /// Follows `terms_are_now`.
    fn renewable(&self) -> &'static str;
    /// Stands before the address of the page, and is the text of its link.
    fn see_settings(&self) -> &'static str;
    fn why(&self, entry: u64) -> [String; 2];
}

pub(super) fn of(language: Language) -> &'static dyn Phrases {
    match language {
        Language::English => &English,
        Language::German => &German,
    }
}
