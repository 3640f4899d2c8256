use std::collections::BTreeSet;

use habeas_domain::{Archive, EmailAddress, Status, Warning};
use habeas_testkit::request;

use super::*;

const PAGE_URL: &str = "https://privacy.example/requests";

const WARNINGS: [Warning; 4] = [Warning::SevenDays, Warning::ThreeDays, Warning::OneDay, Warning::Breached];

/// Every mail there is about a request of this kind.
fn occasions(kind: Kind) -> Vec<Occasion> {
    let mut occasions = vec![Occasion::Received, Occasion::Completed, Occasion::Failed, Occasion::Canceled];
    if kind == Kind::Export {
        occasions.push(Occasion::Expiring);
    }
    occasions.extend(WARNINGS.map(Occasion::Escalated));
    occasions
}

/// A request that has all that any mail speaks of: an export of one person, or
/// a deletion of two.
fn example(kind: Kind) -> Request {
    let archive = Archive {
        key: "archives/secret.zip".into(),
        residency: habeas_domain::Residency::Us,
        bytes: 1_572_864,
        expires_at: "2026-04-05T10:05:00Z".parse().unwrap(),
        removed_at: None,
        withdrawn_by: None,
    };
    let subjects = ["bob@amber.example", "cleo@amber.example"].map(|text| EmailAddress::parse(text).unwrap());
    let people = if kind == Kind::Export { 1 } else { 2 };
    Request {
        kind,
        status: Status::Processing,
        subjects: subjects.into_iter().take(people).collect(),
        failure: Some("The data source `chat_messages` did not answer.".to_owned()),
        archive: Some(archive).filter(|_| kind == Kind::Export),
        ..request()
    }
}

fn named(name: &str) -> Request {
    let mut request = example(Kind::Export);
    request.requestor.name = name.to_owned();
    request
}

fn write(occasion: Occasion, request: &Request, language: Language) -> Letter {
    letter(occasion, request, language, PAGE_URL).unwrap()
}

/// Every mail that can be written about the requests, in every language.
fn every_letter(request_of: impl Fn(Kind) -> Request) -> Vec<(Occasion, Letter)> {
    let mut letters = Vec::new();
    for kind in [Kind::Export, Kind::Delete] {
        for occasion in occasions(kind) {
            let request = request_of(kind);
            letters.extend(Language::ALL.map(|language| (occasion, write(occasion, &request, language))));
        }
    }
    letters
}

#[test]
fn every_mail_reads_as_written() {
    for language in Language::ALL {
        for kind in [Kind::Export, Kind::Delete] {
            let request = example(kind);
            let mails = occasions(kind).into_iter().map(|occasion| {
                let letter = write(occasion, &request, language);
                format!("=== {}\nSubject: {}\n\n{}", occasion.name(), letter.subject, letter.text)
            });
            let name = format!("{kind}_{}", language.tag());
            insta::assert_snapshot!(name, mails.collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn the_html_is_in_the_same_words() {
    for language in Language::ALL {
        let tag = language.tag();
        let request = example(Kind::Export);
        let completed = write(Occasion::Completed, &request, language);
        insta::assert_snapshot!(format!("html_completed_{tag}"), completed.html);
        let overdue = write(Occasion::Escalated(Warning::Breached), &request, language);
        insta::assert_snapshot!(format!("html_overdue_{tag}"), overdue.html);
    }
}

#[test]
fn a_mail_points_to_the_page_and_never_to_the_file() {
    for (occasion, letter) in every_letter(example) {
        let page = format!("{PAGE_URL}/{}", request().id);
        for text in [&letter.text, &letter.html] {
            assert!(!text.contains("secret"), "{occasion:?}");
            assert_eq!(text.contains(&page), !occasion.is_for_operator(), "{occasion:?}");
        }
    }
}

#[test]
fn no_subject_of_a_request_is_named_in_a_mail() {
    for (occasion, letter) in every_letter(example) {
        for subject in ["bob", "cleo"] {
            assert!(!format!("{letter:?}").contains(subject), "{occasion:?}");
        }
    }
}

#[test]
fn the_operator_learns_no_name_and_no_address() {
    let request_of = |kind| {
        let mut request = example(kind);
        request.requestor.name = "Zenobia Quill".to_owned();
        request
    };
    for (occasion, letter) in every_letter(request_of) {
        let written = format!("{letter:?}");
        let named = ["Zenobia", "Quill", "amber", "@", "privacy.example"];
        let named = named.into_iter().filter(|word| written.contains(word)).count();
        if occasion.is_for_operator() {
            assert_eq!(named, 0, "{occasion:?}");
            assert!(letter.text.contains(&request().id.to_string()), "{occasion:?}");
        } else {
            assert_ne!(named, 0, "{occasion:?}");
        }
    }
}

#[test]
fn what_a_person_typed_adds_no_line_and_no_markup() {
    let typed = "<b>Ana</b>\r\n\nBcc: x@y.example\u{2028}<script>alert(1)</script>\u{202e}\0";
    for language in Language::ALL {
        let [plain, typed] = ["Ana", typed].map(|name| write(Occasion::Received, &named(name), language));
        for (plain, typed) in [(&plain.text, &typed.text), (&plain.html, &typed.html)] {
            assert_eq!(plain.lines().count(), typed.lines().count());
            assert!(!typed.contains(['\r', '\u{2028}', '\u{202e}', '\0']));
        }
        assert!(!typed.html.contains("<b>") && !typed.html.contains("<script"));
        assert!(typed.text.contains("<b>Ana</b> Bcc: x@y.example <script>alert(1)</script>,\n"));
    }
}

#[test]
fn a_subject_does_not_depend_on_what_anybody_typed() {
    let typed = |kind| Request { kind, failure: Some("typed\r\nBcc: x@y.example".into()), ..named("typed") };
    for ((_, plain), (occasion, typed)) in every_letter(example).into_iter().zip(every_letter(typed)) {
        assert_eq!(plain.subject, typed.subject, "{occasion:?}");
        assert!(!typed.text.contains("\nBcc"), "{occasion:?}");
    }
}

#[test]
fn a_long_name_is_cut_and_a_missing_one_left_out() {
    let first_line = |name: &str, language| {
        let letter = write(Occasion::Received, &named(name), language);
        letter.text.lines().next().unwrap_or_default().to_owned()
    };
    let long = first_line(&"Ana ".repeat(1_000), Language::English);
    assert_eq!(long.chars().count(), "Hello ".len() + NAME_CHARS_MAX + ",".len());
    assert_eq!(first_line("\r\n", Language::English), "Hello,");
    assert_eq!(first_line("", Language::German), "Guten Tag,");
}

#[test]
fn no_language_borrows_a_heading_from_another() {
    for kind in [Kind::Export, Kind::Delete] {
        for occasion in occasions(kind) {
            let headings = Language::ALL.map(|language| phrases::of(language).heading(occasion, kind));
            let different: BTreeSet<_> = headings.iter().collect();
            assert_eq!(different.len(), headings.len(), "{occasion:?}");
        }
    }
}
