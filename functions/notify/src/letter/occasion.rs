use habeas_domain::Warning;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    Received,
    Completed,
    Failed,
    Canceled,
    /// The archive of an export is about to be removed.
    Expiring,
    /// The answer is due soon, or late.
    Escalated(Warning),
}

impl Occasion {
    /// The name under which the mail is remembered as sent. Each warning is a
    /// mail of its own.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Received => "received".to_owned(),
            Self::Completed => "completed".to_owned(),
            Self::Failed => "failed".to_owned(),
            Self::Canceled => "canceled".to_owned(),
            Self::Expiring => "expiring".to_owned(),
            Self::Escalated(warning) => format!("escalated-{}", warning.name()),
        }
    }

    /// Whether the mail goes to the operator and not to whoever filed the request.
    #[must_use]
    pub fn is_for_operator(self) -> bool {
        matches!(self, Self::Escalated(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occasion_has_a_name_of_its_own() {
        for (occasion, name) in [
            (Occasion::Received, "received"),
            (Occasion::Completed, "completed"),
            (Occasion::Failed, "failed"),
            (Occasion::Canceled, "canceled"),
            (Occasion::Expiring, "expiring"),
            (Occasion::Escalated(Warning::SevenDays), "escalated-7-days-left"),
            (Occasion::Escalated(Warning::ThreeDays), "escalated-3-days-left"),
            (Occasion::Escalated(Warning::OneDay), "escalated-1-day-left"),
            (Occasion::Escalated(Warning::Breached), "escalated-overdue"),
        ] {
            assert_eq!(occasion.name(), name);
            assert_eq!(occasion.is_for_operator(), name.starts_with("escalated"), "{name}");
        }
    }
}
