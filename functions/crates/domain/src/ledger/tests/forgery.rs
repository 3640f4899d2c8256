use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;

use super::{agreed, amber, entry, switch};
use crate::{AccountId, Actor, BrokenLedger, Digest, Entry, Head, LedgerCheck, Scope, Sealed, Setting};

type Row = (u64, Sealed);

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
