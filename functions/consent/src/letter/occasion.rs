use habeas_domain::{Actor, ContentClass, Entry, Setting};

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    Given,
    Withdrawn,
    /// Given for some content, and withdrawn for other, in one go.
    Changed,
    /// Ended because the operator published new terms.
    Lapsed,
}

impl Occasion {
    /// Nothing where the entry is not about consent.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        if !entry.is_about_consent() {
            return None;
        }
        let [given, ended] = [true, false].map(|to| classes(entry, to).next().is_some());
        match (given, ended) {
            (true, true) => Some(Self::Changed),
            (true, false) => Some(Self::Given),
            (false, true) if entry.role == Actor::Operator => Some(Self::Lapsed),
            (false, true) => Some(Self::Withdrawn),
            (false, false) => None,
        }
    }
}

/// What an entry gives consent for, or no longer does. Other settings can have
/// been changed with it; they are no matter of consent.
pub(super) fn classes(entry: &Entry, to: bool) -> impl Iterator<Item = &ContentClass> {
    let changes = entry.changes.iter().filter(move |change| change.to == to);
    changes
        .filter(|change| change.setting.setting == Setting::AiTraining)
        .filter_map(|change| change.setting.class.as_ref())
}
