use chrono::{DateTime, Datelike, Utc};

/// A language that mails are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    German,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The language of a tag (BCP 47): `en` or `de`.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The tag of the language (BCP 47).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// A day as the language writes it. It is that of UTC, because nobody's
    /// time zone is known.
    #[must_use]
    pub fn day(self, at: DateTime<Utc>) -> String {
        match self {
            Self::English => at.format("%-d %B %Y").to_string(),
            Self::German => format!("{}. {} {}", at.day(), GERMAN_MONTHS[at.month0() as usize], at.year()),
        }
    }
}

const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag() {
        for (tag, language) in [
            ("en", Some(Language::English)),
            ("de", Some(Language::German)),
            ("", None),
            ("EN", None),
            ("de-AT", None),
            ("fr", None),
        ] {
            assert_eq!(Language::parse(tag), language, "{tag}");
        }
    }

    #[test]
    fn a_day_is_written_as_the_language_has_it() {
        for (at, english, german) in [
            ("2026-01-05T10:00:00Z", "5 January 2026", "5. Januar 2026"),
            ("2027-03-31T23:59:59Z", "31 March 2027", "31. März 2027"),
            ("2026-12-01T00:00:00Z", "1 December 2026", "1. Dezember 2026"),
        ] {
            let at = at.parse().unwrap();
            assert_eq!(Language::English.day(at), english);
            assert_eq!(Language::German.day(at), german);
        }
    }
}
