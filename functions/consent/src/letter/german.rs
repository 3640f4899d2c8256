use chrono::{DateTime, Utc};
use habeas_domain::{Actor, ContentClass};
use habeas_letter::Language;

use super::Occasion;
use super::phrases::Phrases;

/// In the formal form. What follows the greeting's comma begins in lower case.
pub(super) struct German;

impl Phrases for German {
    fn heading(&self, occasion: Occasion) -> &'static str {
        match occasion {
            Occasion::Given => "Die Einwilligung in das KI-Training wurde erteilt",
            Occasion::Withdrawn => "Die Einwilligung in das KI-Training wurde widerrufen",
            Occasion::Changed => "Die Einwilligung in das KI-Training wurde geändert",
            Occasion::Lapsed => "Die Einwilligung in das KI-Training ist erloschen",
        }
    }

    fn greeting(&self) -> &'static str {
        "Guten Tag,"
    }

    fn classes(&self) -> [&'static str; ContentClass::ALWAYS.len()] {
        ["Audio", "Video", "Chat", "Transkripte", "Whiteboards"]
    }

    fn and(&self) -> &'static str {
        "und"
    }

    fn given(&self, on: DateTime<Utc>, by: Actor, what: &str) -> String {
        let somebody_has = somebody_has(on, by);
        format!("{somebody_has} die Einwilligung Ihres Kontos in das KI-Training für {what} erteilt.")
    }

    fn withdrawn(&self, on: DateTime<Utc>, by: Actor, what: &str) -> String {
        let somebody_has = somebody_has(on, by);
        format!("{somebody_has} die Einwilligung Ihres Kontos in das KI-Training für {what} widerrufen.")
    }

    fn changed(&self, on: DateTime<Utc>, by: Actor, given: &str, withdrawn: &str) -> String {
        let somebody_has = somebody_has(on, by);
        format!(
            "{somebody_has} die Einwilligung Ihres Kontos in das KI-Training geändert: \
             Sie wurde für {given} erteilt und für {withdrawn} widerrufen."
        )
    }

    fn lapsed(&self, on: DateTime<Utc>, what: &str) -> String {
        format!(
            "am {} ist die Einwilligung Ihres Kontos in das KI-Training für {what} erloschen, \
             weil der Betreiber neue Bedingungen veröffentlicht hat.",
            day(on)
        )
    }

    fn agreed_to(&self, version: &str, url: Option<&str>) -> String {
        let agreed = format!("Der Einwilligung liegt Version {version} der Bedingungen zugrunde");
        match url {
            Some(url) => format!("{agreed}: {url}"),
            None => format!("{agreed}, die sich seither geändert haben."),
        }
    }

    fn can_be_taken_back(&self) -> &'static str {
        "Sie kann jederzeit so einfach widerrufen werden, wie sie erteilt wurde. \
         Mitglieder können für sich selbst jederzeit widersprechen, was auch immer für das Konto gilt."
    }

    fn nothing_new(&self) -> &'static str {
        "Wo die Einwilligung widerrufen wurde, darf ab sofort nichts Neues mehr verwendet werden. \
         Auskünfte, die Produkte zwischengespeichert haben, verfallen innerhalb weniger Minuten."
    }

    fn terms_are_now(&self, version: &str, url: &str) -> String {
        format!("Die Bedingungen haben jetzt die Version {version}: {url}")
    }

    fn renewable(&self) -> &'static str {
        "Die Einwilligung kann erneut erteilt werden, sobald diese Bedingungen gelesen wurden. \
         Bis dahin darf nichts Neues verwendet werden."
    }

    fn see_settings(&self) -> &'static str {
        "Zu den Einstellungen"
    }

    fn why(&self, entry: u64) -> [String; 2] {
        [
            "Sie erhalten diese E-Mail, weil Sie in einem Konto die Rolle Inhaber oder Administrator haben."
                .to_owned(),
            format!(
                "Es geht um Eintrag {entry} im Protokoll des Kontos. \
                 Diese E-Mail nennt keine Person und kann deshalb weitergeleitet werden."
            ),
        ]
    }
}

fn somebody_has(on: DateTime<Utc>, role: Actor) -> String {
    let somebody = match role {
        Actor::Owner => "eine Person mit der Rolle Inhaber",
        Actor::Admin => "eine Person mit der Rolle Administrator",
        Actor::Member => "eine Person mit der Rolle Mitglied",
        Actor::Operator => "der Betreiber",
    };
    format!("am {} hat {somebody}", day(on))
}

fn day(at: DateTime<Utc>) -> String {
    Language::German.day(at)
}
