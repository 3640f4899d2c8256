mod english;
mod german;
mod occasion;
mod phrases;
#[cfg(test)]
mod tests;

use habeas_aws::Letter;
use habeas_domain::{ContentClass, Entry, Terms};
use habeas_letter::{Content, Link, one_line};

use occasion::{Occasion, classes};
use phrases::Phrases;

pub use habeas_letter::Language;

/// As long as the name of a class may be.
const CLASS_CHARS_MAX: usize = 64;

/// Writes the mail to an owner or an admin about an entry of their account's
/// ledger. It contains no name, no address and nothing that a person typed:
/// mail is forwarded.
///
/// An entry that is not about consent to AI training is an error: there is
/// nothing true to say about it.
pub fn letter(
    entry: &Entry,
    terms: &Terms,
    language: Language,
    page_url: &str,
) -> Result<Letter, askama::Error> {
    let occasion =
        Occasion::of(entry).ok_or_else(|| askama::Error::custom("the entry is about no consent"))?;
    let phrases = phrases::of(language);
    let content = Content {
        language,
        heading: phrases.heading(occasion),
        greeting: phrases.greeting().to_owned(),
        sentences: sentences(occasion, entry, terms, phrases),
        link: Some(Link { url: page_url.to_owned(), text: phrases.see_settings() }),
        footer: phrases.why(entry.number).into(),
    };
    content.letter()
}

/// Which sentences an occasion needs, whatever the language.
fn sentences(occasion: Occasion, entry: &Entry, terms: &Terms, phrases: &dyn Phrases) -> Vec<String> {
    let (on, by) = (entry.at, entry.role);
    let [given, ended] = [true, false].map(|to| listed(&names(classes(entry, to), phrases), phrases.and()));
    // The URL leads to the present terms, whatever was agreed to.
    let agreed = entry.terms.as_ref().map(|agreed| {
        let url = Some(terms.url.as_str()).filter(|_| *agreed == terms.agreed());
        phrases.agreed_to(agreed.version.as_str(), url)
    });
    let opt_out = phrases.can_be_taken_back().to_owned();
    let from_now_on = phrases.nothing_new().to_owned();
    match occasion {
        Occasion::Given => {
            [Some(phrases.given(on, by, &given)), agreed, Some(opt_out)].into_iter().flatten().collect()
        }
        Occasion::Withdrawn => vec![phrases.withdrawn(on, by, &ended), from_now_on],
        Occasion::Changed => {
            let changed = phrases.changed(on, by, &given, &ended);
            [Some(changed), agreed, Some(opt_out), Some(from_now_on)].into_iter().flatten().collect()
        }
        // Whoever renews a consent reads the terms as they are now.
        Occasion::Lapsed => vec![
            phrases.lapsed(on, &ended),
            phrases.terms_are_now(terms.version.as_str(), &terms.url),
            phrases.renewable().to_owned(),
        ],
    }
}

/// Uses of AI beside the classes that every deployment has are called what the
/// operator calls them.
fn names<'a>(classes: impl Iterator<Item = &'a ContentClass>, phrases: &dyn Phrases) -> Vec<String> {
    let known = || ContentClass::ALWAYS.into_iter().zip(phrases.classes());
    let name = |class: &ContentClass| {
        let known = known().find(|(always, _)| *always == class.as_str());
        known.map_or_else(|| one_line(class.as_str(), CLASS_CHARS_MAX), |(_, name)| name.to_owned())
    };
    classes.map(name).collect()
}

/// As one says it: `audio`, `audio and chat`, `audio, chat and video`.
fn listed(names: &[String], and: &str) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} {and} {last}", others.join(", ")),
    }
}
