use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::{ContentClass, TermsVersion};

type Row = (u64, Sealed);

fn amber() -> AccountId {
    AccountId::parse("amber").unwrap()
}

fn agreed() -> AgreedTerms {
    AgreedTerms { version: TermsVersion::parse("2026-01-01").unwrap(), sha256: Digest::of("The terms.") }
}

fn switch(setting: impl Into<Topic>, to: bool) -> Change {
    Change { setting: setting.into(), from: !to, to }
}

/// Ana's consent to training on chats, and an end of her diagnostic data.
fn entry() -> Entry {
    let chat = Topic::training_on(&ContentClass::parse("chat").unwrap());
    Entry {
        account: amber(),
        number: 1,
        at: "2026-01-05T10:00:00Z".parse().unwrap(),
        by: Some(EmailAddress::parse("ana@amber.example").unwrap()),
        role: Actor::Owner,
        scope: Scope::Account,
        changes: vec![switch(chat, true), switch(Setting::OptionalDiagnosticData, false)],
        terms: Some(agreed()),
        reason: Some("Geprüft: \"ja\"".into()),
        prev: Digest::default(),
    }
}

/// What a chain is made of: `number` and `prev` are still to come.
fn draft() -> impl Strategy<Value = Entry> {
    let settings =
        vec![Setting::OptionalDiagnosticData, Setting::SelfServiceRequests, Setting::AiTrainingOptOut];
    let changes = prop::collection::vec((prop::sample::select(settings), any::<bool>()), 1..4);
    let role = prop::sample::select(vec![Actor::Owner, Actor::Admin, Actor::Member, Actor::Operator]);
    let reason = prop::option::of(prop::sample::select(vec!["asked to", "Geprüft: \"ja\" \\ {}", ""]));
    let parts = (changes, role, reason, any::<bool>(), 0_i64..1_000_000);
    parts.prop_map(|(changes, role, reason, has_terms, second)| Entry {
        at: entry().at + TimeDelta::seconds(second),
        by: entry().by.filter(|_| role != Actor::Operator),
        role,
        scope: if role == Actor::Member { Scope::Member } else { Scope::Account },
        changes: changes.into_iter().map(|(setting, to)| switch(setting, to)).collect(),
        terms: has_terms.then(agreed),
        reason: reason.map(str::to_owned),
        ..entry()
    })
}

fn drafts() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(draft(), 1..9)
}

/// The entry that follows those of a ledger.
fn next(rows: &[Row], draft: Entry) -> Row {
    let head = head_of(rows);
    (head.number + 1, Entry { number: head.number + 1, prev: head.hash, ..draft }.seal())
}

fn chain(drafts: &[Entry]) -> Vec<Row> {
    let mut rows = Vec::new();
    for draft in drafts {
        rows.push(next(&rows, draft.clone()));
    }
    rows
}

fn head_of(rows: &[Row]) -> Head {
    let last = rows.last().map(|(number, sealed)| Head { number: *number, hash: sealed.hash.clone() });
    last.unwrap_or_default()
}

fn verify(rows: &[Row], head: &Head) -> Result<Head, BrokenLedger> {
    let mut check = LedgerCheck::new(amber());
    for (number, sealed) in rows {
        check.take(*number, sealed)?;
    }
    check.finish(head)
}

/// The same with the rows stored under numbers without gaps, as a forger would.
fn verify_renumbered(mut rows: Vec<Row>, head: &Head) -> Result<Head, BrokenLedger> {
    for (row, number) in rows.iter_mut().zip(1..) {
        row.0 = number;
    }
    verify(&rows, head)
}

fn digest(text: &str) -> Digest {
    serde_json::from_value(json!(text)).unwrap()
}

fn flipped(text: &str, byte: usize, bits: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let byte = byte % bytes.len();
    bytes[byte] ^= bits;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn an_entry_is_hashed_as_the_text_that_jq_writes() {
    // jq -cS . | tr -d '\n' | sha256sum
    let text = concat!(
        r#"{"account":"amber","at":"2026-01-05T10:00:00Z","by":"ana@amber.example","changes":["#,
        r#"{"from":false,"setting":"ai_training.chat","to":true},"#,
        r#"{"from":true,"setting":"optional_diagnostic_data","to":false}],"#,
        r#""number":1,"prev":"","reason":"Geprüft: \"ja\"","role":"owner","scope":"account","#,
        r#""terms":{"sha256":"81240357e5a43ff7cb5c84c346636215786b23b1c070a8972aa26d5651e2b619","#,
        r#""version":"2026-01-01"}}"#,
    );
    let sealed = entry().seal();
    assert_eq!(sealed.text, text);
    assert_eq!(sealed.hash.as_str(), "6f0ffacf3c68e391ff6799c432c41f2456f05b77c7d17f438dc4e35840062573");
    assert_eq!(sealed.entry().unwrap(), entry());
}

#[test]
fn what_is_absent_is_not_in_the_text() {
    let text = Entry { by: None, terms: None, reason: None, ..entry() }.seal().text;
    for name in ["by", "terms", "reason", "null"] {
        assert!(!text.contains(name), "{text}");
    }
}

#[test]
fn another_spelling_of_an_entry_is_not_the_one_that_was_written() {
    let sealed = entry().seal();
    let head = head_of(&[(1, sealed.clone())]);
    assert_eq!(verify(&[(1, sealed.clone())], &head), Ok(head));
    for (written, other) in [
        (r#""account":"amber","#, r#""account": "amber","#),
        ("10:00:00Z", "11:00:00+01:00"),
        (r#""prev":"","#, r#""prev":"","prev":"","#),
        (r#""role":"owner","#, r#""role":"owner","secret":1,"#),
    ] {
        let text = sealed.text.replace(written, other);
        assert_ne!(text, sealed.text);
        let rows = [(1, Sealed { hash: Digest::of(&text), text })];
        assert_eq!(verify(&rows, &head_of(&rows)), Err(BrokenLedger::Changed(1)), "{other}");
    }
}

#[test]
fn a_ledger_of_another_account_does_not_verify() {
    let mut check = LedgerCheck::new(AccountId::parse("birch").unwrap());
    assert_eq!(check.take(1, &entry().seal()), Err(BrokenLedger::Changed(1)));
}

#[test]
fn a_ledger_without_entries_has_the_head_that_nobody_wrote() {
    assert_eq!(verify(&[], &Head::default()), Ok(Head::default()));
    let head = Head { number: 2, hash: Digest::of("entry 2") };
    assert_eq!(verify(&[], &head), Err(BrokenLedger::Cut { found: 0, head: 2 }));
}

#[test]
fn an_entry_is_shown_with_its_hash() {
    let sealed = entry().seal();
    let view = sealed.view();
    assert_eq!((&view["hash"], &view["number"]), (&json!(sealed.hash), &json!(1)));
}

#[test]
fn an_opt_out_of_a_member_is_not_about_the_accounts_consent() {
    assert!(entry().is_about_consent());
    let opt_out = vec![switch(Setting::AiTrainingOptOut, true)];
    assert!(!Entry { scope: Scope::Member, changes: opt_out, ..entry() }.is_about_consent());
}

proptest! {
    #[test]
    fn a_flipped_byte_is_found_where_it_is(
        drafts in drafts(), which in 0_usize..8,
        byte in 0_usize..1000, bits in 1_u8..128, in_hash in any::<bool>(),
    ) {
        let mut rows = chain(&drafts);
        let head = head_of(&rows);
        prop_assert_eq!(verify(&rows, &head), Ok(head.clone()));
        let (number, sealed) = &mut rows[which % drafts.len()];
        let number = *number;
        if in_hash {
            sealed.hash = digest(&flipped(sealed.hash.as_str(), byte, bits));
        } else {
            sealed.text = flipped(&sealed.text, byte, bits);
        }
        prop_assert_eq!(verify(&rows, &head), Err(BrokenLedger::Changed(number)));
    }

    #[test]
    fn an_entry_sealed_anew_is_found_by_what_follows_it(drafts in drafts(), which in 0_usize..8) {
        let mut rows = chain(&drafts);
        let (head, which) = (head_of(&rows), which % drafts.len());
        let other = Entry { reason: Some("never said".into()), ..rows[which].1.entry().unwrap() };
        rows[which].1 = other.seal();
        let follower = rows.get(which + 1).map_or(head.number, |(number, _)| *number);
        prop_assert_eq!(verify(&rows, &head), Err(BrokenLedger::Changed(follower)));
    }

    #[test]
    fn an_entry_taken_out_is_missed(drafts in drafts(), which in 0_usize..8) {
        let mut rows = chain(&drafts);
        let head = head_of(&rows);
        let (number, _) = rows.remove(which % drafts.len());
        let is_last = number == head.number;
        let cut = BrokenLedger::Cut { found: head.number - 1, head: head.number };
        let missing = if is_last { cut.clone() } else { BrokenLedger::Missing(number) };
        prop_assert_eq!(verify(&rows, &head), Err(missing));
        let changed = if is_last { cut } else { BrokenLedger::Changed(number) };
        prop_assert_eq!(verify_renumbered(rows, &head), Err(changed));
    }

    #[test]
    fn entries_that_changed_places_are_found(drafts in drafts(), one in 0_usize..8, other in 0_usize..8) {
        let (one, other) = (one % drafts.len(), other % drafts.len());
        prop_assume!(one != other);
        let mut rows = chain(&drafts);
        let (head, number) = (head_of(&rows), rows[one.min(other)].0);
        rows.swap(one, other);
        prop_assert_eq!(verify(&rows, &head), Err(BrokenLedger::Missing(number)));
        prop_assert_eq!(verify_renumbered(rows, &head), Err(BrokenLedger::Changed(number)));
    }

    #[test]
    fn an_entry_there_twice_is_found(drafts in drafts(), which in 0_usize..8) {
        let mut rows = chain(&drafts);
        let (head, which) = (head_of(&rows), which % drafts.len());
        let row = rows[which].clone();
        let after = row.0 + 1;
        rows.insert(which, row);
        prop_assert_eq!(verify(&rows, &head), Err(BrokenLedger::Missing(after)));
        prop_assert_eq!(verify_renumbered(rows, &head), Err(BrokenLedger::Changed(after)));
    }

    #[test]
    fn an_entry_put_in_is_found_by_what_follows_it(drafts in drafts(), place in 0_usize..9) {
        let mut rows = chain(&drafts);
        let (head, place) = (head_of(&rows), place % (drafts.len() + 1));
        let forged = next(&rows[..place], entry());
        let (number, is_last) = (forged.0, place == drafts.len());
        rows.insert(place, forged);
        let cut = BrokenLedger::Cut { found: number, head: head.number };
        let changed = if is_last { cut } else { BrokenLedger::Changed(number + 1) };
        prop_assert_eq!(verify_renumbered(rows, &head), Err(changed));
    }

    #[test]
    fn a_tail_cut_off_is_missed_at_the_end(drafts in drafts(), kept in 0_usize..8) {
        let rows = chain(&drafts);
        let (head, kept) = (head_of(&rows), kept % drafts.len());
        let cut = BrokenLedger::Cut { found: head_of(&rows[..kept]).number, head: head.number };
        prop_assert_eq!(verify(&rows[..kept], &head), Err(cut));
    }

    #[test]
    fn a_ledger_written_anew_is_found_by_a_head_kept_elsewhere(drafts in drafts(), from in 0_usize..8) {
        let written = chain(&drafts);
        let (mut forged, from) = (drafts.clone(), from % drafts.len());
        forged[from].reason = Some("never said".into());
        let forged = chain(&forged);
        prop_assert!(verify(&forged, &head_of(&forged)).is_ok());
        let mut check = LedgerCheck::new(amber());
        for (index, (number, sealed)) in forged.iter().enumerate() {
            prop_assert!(check.take(*number, sealed).is_ok());
            let expected = if index < from { Ok(()) } else { Err(BrokenLedger::NotAnchored(*number)) };
            prop_assert_eq!(check.compare(&head_of(&written[..=index])), expected);
        }
    }
}

fn made(role: Actor, scope: Scope, setting: &Topic, to: bool, terms: Option<AgreedTerms>) -> Entry {
    Entry {
        account: AccountId::parse("amber").unwrap(),
        number: 1,
        at: "2026-01-05T10:00:00Z".parse().unwrap(),
        by: Some(EmailAddress::parse("ana@amber.example").unwrap()),
        role,
        scope,
        changes: vec![Change { setting: setting.clone(), from: !to, to }],
        terms,
        reason: None,
        prev: Digest::default(),
    }
}

fn kept(of: &str, on: bool, entry: u64, terms: Option<AgreedTerms>) -> Chosen {
    Chosen { on, basis: Basis { account: AccountId::parse(of).unwrap(), entry }, terms }
}

#[test]
fn settings_that_the_ledger_has_not_made_are_found() {
    let topic = Topic::training_on(&crate::ContentClass::parse("chat").unwrap());
    let other = Topic::from(Setting::SelfServiceRequests);
    let terms = |text: &str| {
        let version = crate::TermsVersion::parse("2026-11").unwrap();
        Some(AgreedTerms { version, sha256: Digest::of(text) })
    };
    let mut check = LedgerCheck::new(AccountId::parse("amber").unwrap());
    check.take(1, &made(Actor::Owner, Scope::Account, &topic, true, terms("one")).seal()).unwrap();
    let settings = |chosen: &[(&Topic, Chosen)]| AccountSettings {
        version: 1,
        chosen: chosen.iter().map(|(topic, chosen)| ((*topic).clone(), chosen.clone())).collect(),
    };
    let right = kept("amber", true, 1, terms("one"));
    assert_eq!(check.agree(&settings(&[(&topic, right.clone())])), Ok(()));
    for (in_force, found) in [
        (settings(&[(&topic, kept("amber", false, 1, terms("one")))]), &topic),
        (settings(&[(&topic, kept("amber", true, 2, terms("one")))]), &topic),
        (settings(&[(&topic, kept("amber", true, 1, terms("two")))]), &topic),
        (settings(&[(&topic, kept("birch", true, 1, terms("one")))]), &topic),
        (settings(&[]), &topic),
        (settings(&[(&topic, right), (&other, kept("amber", true, 1, None))]), &other),
    ] {
        assert_eq!(check.agree(&in_force), Err(BrokenLedger::OtherSetting(found.clone())));
    }
}

#[test]
fn a_members_choice_that_the_ledger_has_not_made_is_found() {
    let topic = Topic::from(Setting::AiTrainingOptOut);
    let ana = EmailAddress::parse("ana@amber.example").unwrap();
    let mut check = LedgerCheck::new(AccountId::parse("amber").unwrap());
    check.take(1, &made(Actor::Member, Scope::Member, &topic, true, None).seal()).unwrap();
    assert_eq!(check.members(), [&ana].into());
    let people = |chosen: &[Chosen]| -> BTreeMap<EmailAddress, Person> {
        let chosen = chosen.iter().map(|chosen| (topic.clone(), chosen.clone())).collect();
        let settings = crate::MemberSettings { version: 1, chosen };
        [(ana.clone(), Person { account: None, settings })].into()
    };
    assert_eq!(check.agree_with_members(&people(&[kept("amber", true, 1, None)])), Ok(()));
    assert_eq!(check.agree_with_members(&people(&[kept("birch", false, 9, None)])), Ok(()));
    for wrong in [people(&[kept("amber", false, 1, None)]), people(&[]), BTreeMap::new()] {
        assert_eq!(check.agree_with_members(&wrong), Err(BrokenLedger::OtherChoice(1)));
    }
}

#[test]
fn a_place_is_written_by_its_name() {
    let entry = Entry { changes: vec![switch(Setting::DataResidency, true)], ..entry() };
    let text = entry.seal().text;
    assert!(text.contains(r#"{"from":"us","setting":"data_residency","to":"eea"}"#), "{text}");
    assert_eq!(entry.seal().entry().unwrap(), entry);
}

#[test]
fn a_value_of_another_setting_makes_no_change() {
    for (setting, from, to) in [
        ("data_residency", json!(false), json!(true)),
        ("data_residency", json!("us"), json!(true)),
        ("data_residency", json!("us"), json!("ch")),
        ("optional_diagnostic_data", json!("us"), json!("eea")),
    ] {
        let change = json!({"setting": setting, "from": from, "to": to});
        assert!(serde_json::from_value::<Change>(change.clone()).is_err(), "{change}");
    }
}
