use std::collections::BTreeSet;

use habeas_domain::{AccountId, Actor, Change, Digest, Scope, Setting, TermsVersion, Topic};
use habeas_testkit::{address, at};

use super::*;

const PAGE_URL: &str = "https://privacy.example/settings";

fn terms(version: &str) -> Terms {
    Terms {
        version: TermsVersion::parse(version).unwrap(),
        url: format!("https://privacy.example/ai-terms/{version}"),
        sha256: Digest::of(version),
        classes: BTreeSet::new(),
    }
}

/// An entry of 5 January 2026, when the terms were version 2026-01.
fn entry(role: Actor, consents: &[(&str, bool)]) -> Entry {
    let by_operator = role == Actor::Operator;
    let change = |(class, to): &(&str, bool)| Change {
        setting: Topic::training_on(&ContentClass::parse(class).unwrap()),
        from: !to,
        to: *to,
    };
    let names_terms = by_operator || consents.iter().any(|(_, to)| *to);
    Entry {
        account: AccountId::parse("amber").unwrap(),
        number: 7,
        at: at("2026-01-05T10:00:00Z"),
        by: (!by_operator).then(|| address("zenobia@amber.example")),
        role,
        scope: Scope::Account,
        changes: consents.iter().map(change).collect(),
        terms: names_terms.then(|| terms("2026-01").agreed()),
        reason: Some("Quill & sons\r\nasked for it.".to_owned()),
        prev: Digest::default(),
    }
}

fn given() -> Entry {
    entry(Actor::Owner, &[("audio", true), ("chat", true), ("note_taking", true)])
}

fn lapsed() -> Entry {
    entry(Actor::Operator, &[("audio", false), ("video", false)])
}

/// An entry for each occasion.
fn examples() -> [(Occasion, Entry); 4] {
    [
        (Occasion::Given, given()),
        (Occasion::Withdrawn, entry(Actor::Admin, &[("transcripts", false), ("whiteboards", false)])),
        (Occasion::Changed, entry(Actor::Admin, &[("audio", false), ("chat", true), ("video", false)])),
        (Occasion::Lapsed, lapsed()),
    ]
}

fn write(entry: &Entry, language: Language) -> Letter {
    letter(entry, &terms("2026-01"), language, PAGE_URL).unwrap()
}

#[test]
fn every_mail_reads_as_written() {
    for language in Language::ALL {
        let mails = examples().map(|(occasion, entry)| {
            let letter = write(&entry, language);
            format!("=== {occasion:?}\nSubject: {}\n\n{}", letter.subject, letter.text)
        });
        insta::assert_snapshot!(format!("mails_{}", language.tag()), mails.join("\n"));
    }
}

#[test]
fn the_html_is_in_the_same_words() {
    for language in Language::ALL {
        let given = write(&given(), language);
        insta::assert_snapshot!(format!("html_given_{}", language.tag()), given.html);
    }
}

#[test]
fn an_entry_says_its_occasion() {
    for (occasion, entry) in examples() {
        assert_eq!(Occasion::of(&entry), Some(occasion));
    }
}

#[test]
fn a_mail_names_nobody_and_repeats_no_reason() {
    for (occasion, entry) in examples() {
        let bare = Entry { by: None, reason: None, ..entry.clone() };
        for language in Language::ALL {
            let letter = write(&entry, language);
            assert_eq!(letter, write(&bare, language), "{occasion:?}");
            for word in ["enobia", "Quill", "amber", "@"] {
                assert!(!format!("{letter:?}").contains(word), "{occasion:?}: {word}");
            }
        }
    }
}

#[test]
fn other_settings_in_the_same_entry_are_not_told() {
    for (occasion, entry) in examples() {
        let mut more = entry.clone();
        for to in [true, false] {
            more.changes.push(Change { setting: Setting::OptionalDiagnosticData.into(), from: !to, to });
        }
        for language in Language::ALL {
            assert_eq!(write(&entry, language), write(&more, language), "{occasion:?}");
        }
    }
}

#[test]
fn nothing_is_written_about_an_entry_that_is_about_no_consent() {
    let setting = Setting::OptionalDiagnosticData.into();
    let other = Entry { changes: vec![Change { setting, from: false, to: true }], ..given() };
    let own = Entry { scope: Scope::Member, ..given() };
    for entry in [other, own, entry(Actor::Owner, &[])] {
        assert_eq!(Occasion::of(&entry), None);
        assert!(letter(&entry, &terms("2026-01"), Language::English, PAGE_URL).is_err());
    }
}

#[test]
fn a_mail_points_to_the_page_as_it_is() {
    for (occasion, entry) in examples() {
        for language in Language::ALL {
            let letter = write(&entry, language);
            assert!(letter.text.contains(&format!(": {PAGE_URL}\n")), "{occasion:?}");
            assert!(letter.html.contains(&format!("<a href=\"{PAGE_URL}\" ")), "{occasion:?}");
        }
    }
}

#[test]
fn a_consent_to_terms_that_have_changed_since_is_told_without_the_url_of_others() {
    let newer = terms("2026-02");
    let replaced = Terms { sha256: newer.sha256.clone(), ..terms("2026-01") };
    for now in [newer, replaced] {
        let letter = letter(&given(), &now, Language::English, PAGE_URL).unwrap();
        assert!(letter.text.contains("version 2026-01 of the terms, which have changed since.\n"));
        assert!(!letter.text.contains("ai-terms") && !letter.text.contains("2026-02"));
    }
}

#[test]
fn whoever_renews_a_consent_is_sent_to_the_present_terms() {
    let letter = letter(&lapsed(), &terms("2026-02"), Language::English, PAGE_URL).unwrap();
    assert!(letter.text.contains("version 2026-02: https://privacy.example/ai-terms/2026-02\n"));
    assert!(!letter.text.contains("2026-01"));
}

#[test]
fn classes_have_their_names_in_the_order_of_the_domain() {
    assert_eq!(phrases::of(Language::English).classes(), ContentClass::ALWAYS);
    let named = [("audio", "Audio"), ("transcripts", "Transkripte"), ("note_taking", "note_taking")];
    for (class, name) in named {
        let class = ContentClass::parse(class).unwrap();
        assert_eq!(names([&class].into_iter(), phrases::of(Language::German)), [name]);
    }
}

#[test]
fn names_are_listed_as_one_says_them() {
    let said = |names: &[&str]| listed(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), "and");
    assert_eq!(said(&["audio"]), "audio");
    assert_eq!(said(&["audio", "chat"]), "audio and chat");
    assert_eq!(said(&["audio", "chat", "video"]), "audio, chat and video");
}

#[test]
fn no_language_borrows_a_heading_from_another() {
    for (occasion, _) in examples() {
        let headings = Language::ALL.map(|language| phrases::of(language).heading(occasion));
        let different: BTreeSet<_> = headings.iter().collect();
        assert_eq!(different.len(), headings.len(), "{occasion:?}");
    }
}
