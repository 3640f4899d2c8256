use chrono::{DateTime, Utc};
use habeas_domain::{Kind, RequestId, Status, Warning};
use habeas_letter::Language;

use super::Occasion;
use super::phrases::Phrases;
use super::size::size;

pub(super) struct English;

impl Phrases for English {
    fn heading(&self, occasion: Occasion, kind: Kind) -> &'static str {
        match (occasion, kind) {
            (Occasion::Received, Kind::Export) => "Your data export request was received",
            (Occasion::Received, Kind::Delete) => "Your data deletion request was received",
            (Occasion::Completed, Kind::Export) => "Your data export is ready",
            (Occasion::Completed, Kind::Delete) => "Your data deletion is completed",
            (Occasion::Failed, Kind::Export) => "Your data export failed",
            (Occasion::Failed, Kind::Delete) => "Your data deletion failed",
            (Occasion::Canceled, Kind::Export) => "Your data export was canceled",
            (Occasion::Canceled, Kind::Delete) => "Your data deletion was canceled",
            (Occasion::Expiring, _) => "Your data export expires soon",
            (Occasion::Escalated(Warning::SevenDays), _) => "A privacy request is due within 7 days",
            (Occasion::Escalated(Warning::ThreeDays), _) => "A privacy request is due within 3 days",
            (Occasion::Escalated(Warning::OneDay), _) => "A privacy request is due within 1 day",
            (Occasion::Escalated(Warning::Breached), _) => "A privacy request is overdue",
        }
    }

    fn greeting(&self, name: Option<&str>) -> String {
        name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
    }

    fn requested(&self, kind: Kind, people: usize, on: DateTime<Utc>) -> String {
        format!("On {} you requested {}.", day(on), about(kind, people))
    }

    fn revocable_until(&self, starts_at: DateTime<Utc>) -> String {
        format!("You can take the request back until {}.", moment(starts_at))
    }

    fn answered_by(&self, due_at: DateTime<Utc>) -> String {
        format!("It will be answered by {} at the latest.", day(due_at))
    }

    fn downloadable_until(&self, bytes: u64, expires_at: DateTime<Utc>) -> String {
        let size = size(bytes, ["bytes", "KiB", "MiB", "GiB", "TiB"], '.');
        format!("The archive ({size}) can be downloaded until {}.", moment(expires_at))
    }

    fn gone_afterwards(&self) -> &'static str {
        "After that it is gone, and a new export is needed."
    }

    fn deleted(&self) -> &'static str {
        "The data has been deleted, and the data sources were checked afterwards."
    }

    fn failure(&self, reason: &str) -> String {
        reason.to_owned()
    }

    fn what_a_failure_means(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Export => "No archive was made. You can file the request again.",
            Kind::Delete => {
                "Some data may have been deleted already. You can file the request again without harm."
            }
        }
    }

    fn canceled(&self) -> &'static str {
        "It was taken back before it started. Nothing was collected or deleted."
    }

    fn see_request(&self) -> &'static str {
        "See the request"
    }

    fn why_requestor(&self, id: RequestId) -> [String; 2] {
        [
            format!("You get this mail because you filed the request {id}."),
            "If you did not, please tell the administrator of your account.".to_owned(),
        ]
    }

    fn open_request(&self, id: RequestId, kind: Kind, people: usize, status: Status) -> String {
        format!("The request {id} asks for {}. Its status is {status}.", about(kind, people))
    }

    fn due(&self, warning: Warning, due_at: DateTime<Utc>) -> String {
        let due_at = moment(due_at);
        match warning {
            Warning::SevenDays => format!("It is due on {due_at}: at most 7 days are left."),
            Warning::ThreeDays => format!("It is due on {due_at}: at most 3 days are left."),
            Warning::OneDay => format!("It is due on {due_at}: at most 1 day is left."),
            Warning::Breached => format!("It was due on {due_at}, and is overdue."),
        }
    }

    fn where_to_look(&self, id: RequestId) -> String {
        format!(
            "To find out what holds it up, look at the execution named {id} in Step Functions, \
             and at the logs of the functions."
        )
    }

    fn why_operator(&self) -> [String; 2] {
        [
            "You get this mail because Habeas was deployed with your address as the operator's.".to_owned(),
            "It names nobody, so that it can be passed on.".to_owned(),
        ]
    }
}

fn about(kind: Kind, people: usize) -> String {
    let people = match people {
        1 => "1 person".to_owned(),
        several => format!("{several} people"),
    };
    match kind {
        Kind::Export => format!("an export of the personal data of {people}"),
        Kind::Delete => format!("a deletion of the personal data of {people}"),
    }
}

fn day(at: DateTime<Utc>) -> String {
    Language::English.day(at)
}

fn moment(at: DateTime<Utc>) -> String {
    format!("{}, {} UTC", day(at), at.format("%H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_sizes_are_as_english_has_them() {
        let at = "2026-01-05T10:00:00Z".parse().unwrap();
        assert_eq!(moment(at), "5 January 2026, 10:00 UTC");
        let said = English.downloadable_until(1_572_864, at);
        assert_eq!(said, "The archive (1.5 MiB) can be downloaded until 5 January 2026, 10:00 UTC.");
    }
}
