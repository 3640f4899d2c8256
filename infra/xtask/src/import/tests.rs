mod stand_ins;

use std::collections::BTreeSet;
use std::io::{BufReader, Read};

use habeas_domain::AccountId;

use super::importer::{Count, Importer, ROWS_AT_ONCE_MAX, Row, Tally, WRITES_AT_ONCE_MAX};
use super::lines::LINE_BYTES_MAX;
use super::members::Members;
use super::refusals::{Place, Refusal, Refusals, SHOWN_MAX};
use super::{accounts, rfc3339};
use stand_ins::{LongFile, Memory, RefusedFile};

/// Imports members of the account Amber, and gives the lines of the file of refusals too.
async fn import(csv: impl Read, sink: &Memory) -> (Tally, Vec<String>) {
    let file = RefusedFile::default();
    let accounts = BTreeSet::from([AccountId::parse("amber").unwrap()]);
    let hear = |_: &Tally| ();
    let refusals = Refusals::written_to(Box::new(file.clone())).unwrap();
    let mut importer = Importer::new(sink, refusals, &hear);
    importer.take(Members::open(BufReader::new(csv), &accounts).unwrap()).await.unwrap();
    importer.refusals.finish().unwrap();
    (importer.tally, file.lines())
}

#[tokio::test]
async fn a_long_file_passes_through_little_memory_and_its_bad_lines_are_named() {
    let sink = Memory::default();
    let file = LongFile::new(100_001, &sink.read);
    let (tally, refused) = import(file, &sink).await;
    let members = Count { written: 99_900, known: 0 };
    assert_eq!(tally, Tally { members, refused: 100, ..Tally::default() });
    let numbers = refused.iter().map(|line| line.split(',').nth(1).unwrap().parse::<u64>().unwrap());
    assert!(numbers.eq((1..=100).map(|thousand| thousand * 1_000)));
    assert_eq!(sink.names.borrow().len(), 99_900);
    assert_eq!(sink.running_most.get(), WRITES_AT_ONCE_MAX);
    // The first line and the bad ones have been read, and are never written.
    let ahead = sink.ahead_most.get();
    assert!(ahead <= ROWS_AT_ONCE_MAX as u64 + 1 + 100, "{ahead} lines ahead");
}

#[tokio::test]
async fn one_list_in_every_dress() {
    for csv in [
        "account_id,email,name,role\namber,a@x.example,Ana,admin\namber,b@x.example,Bob,member\n",
        "\u{feff}account_id,email,name,role\r\namber,a@x.example,Ana,admin\r\namber,b@x.example,Bob,member",
        "\u{feff}\"role\",\"name\",\"email\",\"account_id\"\n\"admin\",\"Ana\",\" A@X.Example \",amber\n\
         member,Bob,b@x.example,amber\n",
        "\nEmail , Role,Account_ID,Name\n\n\r\na@x.example, admin, amber, Ana \n  \n\
         b@x.example,member,amber,Bob\n\n",
    ] {
        let sink = Memory::default();
        let (tally, refused) = import(csv.as_bytes(), &sink).await;
        assert_eq!((tally.members.written, refused), (2, vec![]), "{csv:?}");
        assert_eq!(sink.name("a@x.example").as_deref(), Some("Ana"), "{csv:?}");
        assert_eq!(sink.name("b@x.example").as_deref(), Some("Bob"), "{csv:?}");
    }
}

#[tokio::test]
async fn a_name_may_have_commas_and_quotes_in_it() {
    let sink = Memory::default();
    let csv = "account_id,email,name,role\namber,ana@amber.example,\"Ana, \"\"the [1]|\"\"\",owner\n";
    assert_eq!(import(csv.as_bytes(), &sink).await.0.members.written, 1);
    assert_eq!(sink.name("ana@amber.example").as_deref(), Some("Ana, \"the [1]|\""));
}

#[tokio::test]
async fn every_bad_line_has_its_number_and_reason_and_stops_no_other() {
    let long = "x".repeat(LINE_BYTES_MAX as usize + 1);
    let bad: [(&[u8], &str); 11] = [
        (b"amber,bob at amber,Bob,member", "`email`: the address contains white space"),
        (b"amber,,Bob,member", "`email`: the address is empty"),
        (b"amber,bob@amber.example,Bob,root", "`role`: none of owner"),
        (b"am#ber,bob@amber.example,Bob,member", "`account_id`: not a valid id"),
        (b"birch,bob@amber.example,Bob,member", "`account_id`: not among the accounts"),
        (b"amber,bob@amber.example,Bob", "too few fields: 3 of 4"),
        (b"amber,bob@amber.example,Bob,Amber,member", "too many fields: 5 of 4"),
        (b"amber,bob@amber.example,\"Bob,member", "a quotation mark is not closed"),
        (b"amber,bob@amber.example,B\xF6b,member", "the line is not UTF-8"),
        (b"amber,bob@amber.example,Bob,member\ramber,x@amber.example,X,member", "a carriage return"),
        (long.as_bytes(), "the line is longer than 4096 bytes"),
    ];
    for (line, reason) in bad {
        let first: &[u8] = b"account_id,email,name,role\n\namber,ana@amber.example,Ana,admin\n";
        let csv = [first, line, b"\namber,carl@amber.example,Carl,member\n"].concat();
        let sink = Memory::default();
        let (tally, refused) = import(csv.as_slice(), &sink).await;
        assert_eq!((tally.members.written, tally.refused), (2, 1), "{reason}");
        assert!(refused[0].starts_with("members,4,") && refused[0].contains(reason), "{refused:?}");
        assert!(!refused[0].contains("amber") && !refused[0].contains("Bob"), "{refused:?}");
    }
}

#[tokio::test]
async fn of_lines_about_one_person_the_first_counts_however_often_they_are_imported() {
    let line = |number: usize, name: &str| format!("amber,p{number}@amber.example,{name},member\n");
    let mut csv = "account_id,email,name,role\n".to_owned();
    csv.push_str(&line(0, "First"));
    csv.push_str(&line(0, "Second"));
    csv.extend((1..2 * ROWS_AT_ONCE_MAX).map(|number| line(number, "Other")));
    csv.push_str(&line(0, "Third"));
    let sink = Memory::default();
    let people = 2 * ROWS_AT_ONCE_MAX as u64;
    let (tally, _) = import(csv.as_bytes(), &sink).await;
    assert_eq!(tally.members, Count { written: people, known: 2 });
    let (tally, _) = import(csv.as_bytes(), &sink).await;
    assert_eq!(tally.members, Count { written: 0, known: people + 2 });
    assert_eq!(sink.name("p0@amber.example").as_deref(), Some("First"));
}

#[tokio::test]
async fn a_store_that_does_not_answer_ends_the_import_and_the_count_is_kept() {
    let sink = Memory::failing_after(300);
    let file = LongFile::new(900, &sink.read);
    let accounts = BTreeSet::from([AccountId::parse("amber").unwrap()]);
    let hear = |_: &Tally| ();
    let mut importer = Importer::new(&sink, Refusals::default(), &hear);
    let members = Members::open(BufReader::new(file), &accounts).unwrap();
    let error = importer.take(members).await.unwrap_err();
    assert_eq!(error.to_string(), "the store is unavailable");
    assert_eq!(importer.tally.members.written, 300);
}

#[test]
fn a_file_whose_first_line_does_not_name_the_columns_is_no_list_of_members() {
    let accounts = BTreeSet::new();
    for csv in [
        "",
        "amber,ana@amber.example,Ana,admin\n",
        "account_id;email;name;role\n",
        "account_id,email,name\n",
        "account_id,email,name,role,phone\n",
        "account_id,email,email,role\n",
    ] {
        let error = Members::open(csv.as_bytes(), &accounts).err().unwrap().to_string();
        assert!(
            error.starts_with("the first line must name the columns account_id, email"),
            "{csv:?}: {error}"
        );
    }
}

#[tokio::test]
async fn accounts_are_checked_one_by_one() {
    let text = r#"[
        {"account_id": "amber", "name": "Amber", "plan": "enterprise", "country": "US"},
        {"account_id": "birch", "name": "Birch", "plan": "gold", "country": "DE"},
        {"account_id": "cedar", "name": "Cedar", "plan": "free", "country": "EL"},
        {"account_id": "dune", "name": "Dune", "plan": "free", "country": "DE", "self_service": true},
        {"account_id": "elm", "name": "Elm", "plan": "pro"},
        {"account_id": "", "name": "Fir", "plan": "pro", "country": "DE"},
        "gorse"
    ]"#;
    let found = accounts::read(["\u{feff}", text].concat().as_bytes()).unwrap();
    let amber = BTreeSet::from([AccountId::parse("amber").unwrap()]);
    assert_eq!(found.ids, amber);
    let reasons: Vec<_> = found.rows.iter().filter_map(|row| row.as_ref().err()).collect();
    let fields = "it must have the texts account_id, name, plan and country, and nothing else";
    let wanted = [
        (2, "`plan`: none of free, free_with_card, pro, pro_multi_license, business, enterprise"),
        (3, "`country`: not a country's two-letter code of ISO 3166-1, such as DE or US"),
        (4, fields),
        (5, fields),
        (6, "`account_id`: not a valid id"),
        (7, fields),
    ];
    let wanted =
        wanted.map(|(number, reason)| Refusal { place: Place::Entry(number), reason: reason.into() });
    assert!(reasons.into_iter().eq(&wanted));

    let (sink, hear) = (Memory::default(), |_: &Tally| ());
    let mut importer = Importer::new(&sink, Refusals::default(), &hear);
    importer.take(found.rows.into_iter().map(|row| Ok(row.map(Row::Account)))).await.unwrap();
    let accounts = Count { written: 1, known: 0 };
    assert_eq!(importer.tally, Tally { accounts, refused: 6, ..Tally::default() });
}

#[test]
fn what_is_no_array_is_refused_without_repeating_it() {
    for text in ["", "{}", "[{]", "\"ana@amber.example\""] {
        let error = accounts::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("not a JSON array of accounts (line "), "{text}: {error}");
        assert!(!error.contains("ana"), "{error}");
    }
}

#[test]
fn the_screen_shows_the_first_refusals_and_says_how_many_there_are() {
    let mut refusals = Refusals::default();
    for number in 1..=SHOWN_MAX as u64 + 5 {
        refusals.note(Refusal { place: Place::Line(number), reason: "email: bad".into() }).unwrap();
    }
    let lines = refusals.report(SHOWN_MAX as u64 + 5);
    assert_eq!(lines.len(), SHOWN_MAX + 2);
    assert_eq!(lines[1], "  members, line 1: email: bad");
    assert_eq!(lines[SHOWN_MAX + 1], "  and 5 more: --refused FILE writes them all");
    assert!(Refusals::default().report(0).is_empty());
}

#[test]
fn a_time_is_rfc_3339_and_nothing_else() {
    assert_eq!(rfc3339("2026-01-05T11:00:00+01:00").unwrap().to_rfc3339(), "2026-01-05T10:00:00+00:00");
    assert!(rfc3339("2026-01-05").is_err());
}
