use chrono::{DateTime, Utc};
use habeas_domain::{Kind, RequestId, Status, Warning};
use habeas_letter::Language;

use super::Occasion;
use super::phrases::Phrases;
use super::size::size;

/// In the formal form. What follows the greeting's comma begins in lower case.
pub(super) struct German;

impl Phrases for German {
    fn heading(&self, occasion: Occasion, kind: Kind) -> &'static str {
        match (occasion, kind) {
            (Occasion::Received, Kind::Export) => "Ihr Antrag auf Datenexport ist eingegangen",
            (Occasion::Received, Kind::Delete) => "Ihr Antrag auf Datenlöschung ist eingegangen",
            (Occasion::Completed, Kind::Export) => "Ihr Datenexport ist bereit",
            (Occasion::Completed, Kind::Delete) => "Die beantragte Datenlöschung ist abgeschlossen",
            (Occasion::Failed, Kind::Export) => "Ihr Datenexport ist fehlgeschlagen",
            (Occasion::Failed, Kind::Delete) => "Die beantragte Datenlöschung ist fehlgeschlagen",
            (Occasion::Canceled, Kind::Export) => "Ihr Antrag auf Datenexport wurde zurückgenommen",
            (Occasion::Canceled, Kind::Delete) => "Ihr Antrag auf Datenlöschung wurde zurückgenommen",
            (Occasion::Expiring, _) => "Ihr Datenexport ist bald nicht mehr verfügbar",
            (Occasion::Escalated(Warning::SevenDays), _) => {
                "Ein Datenschutzantrag ist innerhalb von 7 Tagen fällig"
            }
            (Occasion::Escalated(Warning::ThreeDays), _) => {
                "Ein Datenschutzantrag ist innerhalb von 3 Tagen fällig"
            }
            (Occasion::Escalated(Warning::OneDay), _) => {
                "Ein Datenschutzantrag ist innerhalb eines Tages fällig"
            }
            (Occasion::Escalated(Warning::Breached), _) => "Ein Datenschutzantrag ist überfällig",
        }
    }

    fn greeting(&self, name: Option<&str>) -> String {
        name.map_or_else(|| "Guten Tag,".to_owned(), |name| format!("Guten Tag {name},"))
    }

    fn requested(&self, kind: Kind, people: usize, on: DateTime<Utc>) -> String {
        format!("am {} haben Sie {} beantragt.", day(on), about(kind, people))
    }

    fn revocable_until(&self, starts_at: DateTime<Utc>) -> String {
        format!("Sie können den Antrag bis zum {} zurücknehmen.", moment(starts_at))
    }

    fn answered_by(&self, due_at: DateTime<Utc>) -> String {
        format!("Er wird spätestens am {} beantwortet.", day(due_at))
    }

    fn downloadable_until(&self, bytes: u64, expires_at: DateTime<Utc>) -> String {
        let size = size(bytes, ["Bytes", "KiB", "MiB", "GiB", "TiB"], ',');
        format!("Das Archiv ({size}) kann bis zum {} heruntergeladen werden.", moment(expires_at))
    }

    fn gone_afterwards(&self) -> &'static str {
        "Danach ist es nicht mehr vorhanden, und es ist ein neuer Export nötig."
    }

    fn deleted(&self) -> &'static str {
        "Die Daten wurden gelöscht, und die Datenquellen wurden anschließend überprüft."
    }

    fn failure(&self, reason: &str) -> String {
        format!("Der Grund (auf Englisch): {reason}")
    }

    fn what_a_failure_means(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Export => "Es wurde kein Archiv erstellt. Sie können den Antrag erneut stellen.",
            Kind::Delete => {
                "Möglicherweise wurde ein Teil der Daten bereits gelöscht. \
                 Sie können den Antrag bedenkenlos erneut stellen."
            }
        }
    }

    fn canceled(&self) -> &'static str {
        "Der Antrag wurde zurückgenommen, bevor seine Bearbeitung begann. \
         Es wurden keine Daten zusammengestellt oder gelöscht."
    }

    fn see_request(&self) -> &'static str {
        "Zum Antrag"
    }

    fn why_requestor(&self, id: RequestId) -> [String; 2] {
        [
            format!("Sie erhalten diese E-Mail, weil Sie den Antrag {id} gestellt haben."),
            "Falls Sie das nicht waren, wenden Sie sich bitte an die Administration Ihres Kontos.".to_owned(),
        ]
    }

    fn open_request(&self, id: RequestId, kind: Kind, people: usize, status: Status) -> String {
        format!("im Antrag {id} geht es um {}. Sein Status ist {status}.", about(kind, people))
    }

    fn due(&self, warning: Warning, due_at: DateTime<Utc>) -> String {
        let due_at = moment(due_at);
        match warning {
            Warning::SevenDays => format!("Er ist am {due_at} fällig: Es bleiben höchstens 7 Tage."),
            Warning::ThreeDays => format!("Er ist am {due_at} fällig: Es bleiben höchstens 3 Tage."),
            Warning::OneDay => format!("Er ist am {due_at} fällig: Es bleibt höchstens 1 Tag."),
            Warning::Breached => format!("Er war am {due_at} fällig und ist überfällig."),
        }
    }

    fn where_to_look(&self, id: RequestId) -> String {
        format!(
            "Um herauszufinden, was ihn aufhält, sehen Sie sich in Step Functions die Ausführung \
             mit dem Namen {id} und außerdem die Protokolle der Funktionen an."
        )
    }

    fn why_operator(&self) -> [String; 2] {
        [
            "Sie erhalten diese E-Mail, weil Ihre Adresse in Habeas als die des Betreibers hinterlegt ist."
                .to_owned(),
            "Diese E-Mail nennt keine Person und kann deshalb weitergeleitet werden.".to_owned(),
        ]
    }
}

/// In the accusative.
fn about(kind: Kind, people: usize) -> String {
    let people = match people {
        1 => "1 Person".to_owned(),
        several => format!("{several} Personen"),
    };
    match kind {
        Kind::Export => format!("einen Export der personenbezogenen Daten von {people}"),
        Kind::Delete => format!("eine Löschung der personenbezogenen Daten von {people}"),
    }
}

fn day(at: DateTime<Utc>) -> String {
    Language::German.day(at)
}

fn moment(at: DateTime<Utc>) -> String {
    format!("{}, {} Uhr UTC", day(at), at.format("%H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_sizes_are_as_german_has_them() {
        let at = "2026-01-05T10:00:00Z".parse().unwrap();
        assert_eq!(moment(at), "5. Januar 2026, 10:00 Uhr UTC");
        assert_eq!(day("2027-03-31T23:59:59Z".parse().unwrap()), "31. März 2027");
        assert_eq!(day("2026-12-01T00:00:00Z".parse().unwrap()), "1. Dezember 2026");
        let said = German.downloadable_until(1_572_864, at);
        assert_eq!(
            said,
            "Das Archiv (1,5 MiB) kann bis zum 5. Januar 2026, 10:00 Uhr UTC heruntergeladen werden."
        );
    }
}
