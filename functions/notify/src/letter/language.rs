use super::english::English;
use super::german::German;
use super::phrases::Phrases;

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
        Self::ALL.into_iter().find(|language| language.phrases().tag() == tag)
    }

    pub(super) fn phrases(self) -> &'static dyn Phrases {
        match self {
            Self::English => &English,
            Self::German => &German,
        }
    }
}

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
}
