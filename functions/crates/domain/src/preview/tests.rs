use proptest::prelude::*;

use super::*;

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn amber() -> AccountId {
    AccountId::parse("amber").unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn tally(counts: &[(&str, u64)]) -> Tally {
    counts.iter().map(|(source, count)| ((*source).to_owned(), *count)).collect()
}

/// The deletion of two people's chat.
fn order() -> Order {
    let body = br#"{"subjects": ["bob@amber.example", "ana@amber.example"], "data_types": ["chat"]}"#;
    Order::parse_preview(body).unwrap()
}

fn counted(anas: u64) -> BTreeMap<EmailAddress, Tally> {
    BTreeMap::from([
        (address("ana@amber.example"), tally(&[("messages", anas), ("files", 0)])),
        (address("bob@amber.example"), tally(&[("messages", 4), ("files", 0)])),
    ])
}

fn preview() -> Preview {
    Preview::of(&amber(), &order(), &counted(12), at("2026-01-05T10:00:00Z"))
}

/// The deletion that names the preview.
fn filed() -> Order {
    Order { preview: Some(preview().digest), ..order() }
}

fn differences(then: u64, now: u64) -> Vec<Difference> {
    let previewed = Previewed { digest: Digest::of("any"), totals: tally(&[("messages", then)]) };
    previewed.differences(&tally(&[("messages", now)]))
}

#[test]
fn a_preview_adds_up_what_was_counted_and_keeps_what_is_zero() {
    assert_eq!(preview().totals, tally(&[("messages", 16), ("files", 0)]));
    assert_eq!(preview().valid_until(), at("2026-01-06T10:00:00Z"));
}

#[test]
fn a_digest_is_of_everything_that_was_shown() {
    let birch = AccountId::parse("birch").unwrap();
    let (then, later) = (at("2026-01-05T10:00:00Z"), at("2026-01-05T10:00:01Z"));
    let digest =
        |account: &AccountId, order: &Order, anas, at| Preview::of(account, order, &counted(anas), at).digest;
    let all_types = Order { data_types: DataType::ALL.to_vec(), ..order() };
    let fewer = Order { subjects: order().subjects[..1].to_vec(), ..order() };
    assert_eq!(digest(&amber(), &order(), 12, then), preview().digest);
    for other in [
        digest(&birch, &order(), 12, then),
        digest(&amber(), &order(), 12, later),
        digest(&amber(), &order(), 13, then),
        digest(&amber(), &all_types, 12, then),
        digest(&amber(), &fewer, 12, then),
    ] {
        assert_ne!(other, preview().digest);
    }
}

#[test]
fn a_preview_is_of_the_same_people_and_data_types_for_a_day() {
    let (in_time, too_late) = (at("2026-01-06T09:59:59Z"), at("2026-01-06T10:00:00Z"));
    assert!(preview().is_of(&filed(), in_time));
    assert!(!preview().is_of(&filed(), too_late));
    for other in [
        Order { subjects: order().subjects[..1].to_vec(), ..filed() },
        Order { data_types: vec![DataType::Chat, DataType::Whiteboards], ..filed() },
        Order { preview: Some(Digest::of("another")), ..filed() },
        Order { preview: None, ..filed() },
    ] {
        assert!(!preview().is_of(&other, in_time));
    }
}

#[test]
fn more_than_ten_and_more_than_a_tenth_are_a_lot() {
    for (then, now, is_a_lot) in [
        (0, 10, false),
        (0, 11, true),
        (11, 0, true),
        (12, 400, true),
        (100, 110, false),
        (100, 111, false),
        (100, 112, true),
        (1_000, 900, false),
        (1_000, 899, true),
        (u64::MAX, 0, true),
    ] {
        assert_eq!(!differences(then, now).is_empty(), is_a_lot, "{then} then, {now} now");
    }
}

#[test]
fn a_source_that_only_one_side_knows_counts_as_empty_on_the_other() {
    let previewed = Previewed { digest: Digest::of("any"), totals: tally(&[("gone", 20), ("same", 5)]) };
    let found = previewed.differences(&tally(&[("new", 30), ("same", 5)]));
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["`gone` 20 then, 0 now", "`new` 0 then, 30 now"]);
}

proptest! {
    #[test]
    fn it_does_not_matter_which_of_two_counts_came_first(one: u64, other: u64) {
        prop_assert_eq!(differences(one, other).len(), differences(other, one).len());
    }

    #[test]
    fn what_lies_between_two_counts_that_are_close_is_close_too(
        then in 0..10_000_u64,
        by in 0..2_000_u64,
        part in 0..=100_u64,
    ) {
        let (now, between) = (then + by, then + by * part / 100);
        prop_assert!(!differences(then, now).is_empty() || differences(then, between).is_empty());
    }
}
