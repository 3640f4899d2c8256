use chrono::{DateTime, Utc};
use habeas_domain::{Actor, ContentClass};
use habeas_letter::Language;

use super::Occasion;
use super::phrases::Phrases;

pub(super) struct English;

impl Phrases for English {
    fn heading(&self, occasion: Occasion) -> &'static str {
        match occasion {
            Occasion::Given => "Consent to AI training was given",
            Occasion::Withdrawn => "Consent to AI training was withdrawn",
            Occasion::Changed => "Consent to AI training was changed",
            Occasion::Lapsed => "Consent to AI training has lapsed",
        }
    }

    fn greeting(&self) -> &'static str {
        "Hello,"
    }

    fn classes(&self) -> [&'static str; ContentClass::ALWAYS.len()] {
        ["audio", "video", "chat", "transcripts", "whiteboards"]
    }

    fn and(&self) -> &'static str {
        "and"
    }

    fn given(&self, on: DateTime<Utc>, by: Actor, what: &str) -> String {
        format!("On {} {} gave your account's consent to AI training for {what}.", day(on), someone(by))
    }

    fn withdrawn(&self, on: DateTime<Utc>, by: Actor, what: &str) -> String {
        format!("On {} {} withdrew your account's consent to AI training for {what}.", day(on), someone(by))
    }

    fn changed(&self, on: DateTime<Utc>, by: Actor, given: &str, withdrawn: &str) -> String {
        format!(
            "On {} {} changed your account's consent to AI training: \
             it was given for {given}, and withdrawn for {withdrawn}.",
            day(on),
            someone(by)
        )
    }

    fn lapsed(&self, on: DateTime<Utc>, what: &str) -> String {
        format!(
            "On {} your account's consent to AI training for {what} lapsed, \
             because the operator published new terms.",
            day(on)
        )
    }

    fn agreed_to(&self, version: &str, url: Option<&str>) -> String {
        let agreed = format!("Consent was given to version {version} of the terms");
        match url {
            Some(url) => format!("{agreed}: {url}"),
            None => format!("{agreed}, which have changed since."),
        }
    }

    fn can_be_taken_back(&self) -> &'static str {
        "It can be withdrawn at any time, as easily as it was given. \
         Members can opt out for themselves at any time, whatever the account has chosen."
    }

    fn nothing_new(&self) -> &'static str {
        "Where consent was withdrawn, nothing new may be used from now on. \
         Answers that products have cached expire within minutes."
    }

    fn terms_are_now(&self, version: &str, url: &str) -> String {
        format!("The terms are now version {version}: {url}")
    }

    fn renewable(&self) -> &'static str {
        "Consent can be given again once these terms have been read. Until then nothing new may be used."
    }

    fn see_settings(&self) -> &'static str {
        "See the settings"
    }

    fn why(&self, entry: u64) -> [String; 2] {
        [
            "You get this mail because you are an owner or an admin of an account.".to_owned(),
            format!(
                "It is about entry {entry} of the account's ledger. \
                 It names nobody, so that it can be passed on."
            ),
        ]
    }
}

fn someone(role: Actor) -> &'static str {
    match role {
        Actor::Owner => "an owner",
        Actor::Admin => "an admin",
        Actor::Member => "a member",
        Actor::Operator => "the operator",
    }
}

fn day(at: DateTime<Utc>) -> String {
    Language::English.day(at)
}
