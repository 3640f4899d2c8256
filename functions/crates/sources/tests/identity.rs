//! What else stands for a person is learnt from their address. All of it finds
//! what is theirs, and lets it be erased.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "identity/erase.rs"]
mod erase;
#[path = "identity/link.rs"]
mod link;
#[path = "identity/record.rs"]
mod record;
#[path = "identity/tables.rs"]
mod tables;
#[path = "identity/walk.rs"]
mod walk;

use habeas_sources::{EMAIL, LinkedId, Part, SourceError, Subject, identify};
use link::{ALIASES, Link, PARTICIPANTS, RULES, Rule, USERS, reachable, some_links, world_of};
use proptest::prelude::*;
use record::{ACCOUNTS, AMBER, BIRCH, Kind, Record, ana_by_address, anas, seen, value};
use serde_json::{Value, json};
use tables::{World, block_on};

async fn learnt(world: &World) -> Result<Vec<LinkedId>, SourceError> {
    identify(&world.stores, &world.map, &ana_by_address()).await
}

/// All that Ana's address leads to was learnt, each once, from what was known by
/// then, and by a row that says so.
fn assert_follows(learnt: &[LinkedId], links: &[Link]) {
    let mut known = vec![(EMAIL.to_owned(), value(EMAIL, 0))];
    for id in learnt {
        assert!(known.contains(&(id.from.clone(), id.from_value.clone())), "{id:?}");
        assert!(links.iter().any(|link| link.says(id)), "{id:?}");
        known.push((id.id.clone(), id.value.clone()));
    }
    known.sort();
    assert_eq!(known, Vec::from_iter(reachable(links)));
}

/// It names the table, and nothing of what is in any.
fn assert_discreet(error: &SourceError, rule: Rule) {
    assert!(matches!(error, SourceError::Garbage { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(&format!("`{}`", rule.table)), "{message}");
    for value in ["person-", "id-", NO_TEXT, ACCOUNTS[AMBER], ACCOUNTS[BIRCH]] {
        assert!(!message.contains(value), "{message} has {value}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_id_that_an_address_leads_to_is_learnt_once_in_whatever_order_the_rows_are(
        orders in some_links(),
        page_records in 2..5_u64,
    ) {
        block_on(async {
            for links in orders {
                let world = world_of(&links);
                world.local.limit_pages(page_records);
                let first = learnt(&world).await.unwrap();
                assert_follows(&first, &links);
                assert_eq!(learnt(&world).await.unwrap(), first);
            }
        });
    }
}

/// Ids that all follow from Ana's address.
fn wide(ids: usize) -> Vec<Link> {
    (0..ids).map(|number| Link::of(USERS, 0, number)).collect()
}

/// Ids of which each follows from the one before.
fn long(ids: usize) -> Vec<Link> {
    let link = |number: usize| {
        let pair = number / 2;
        if number % 2 == 1 { Link::of(ALIASES, pair, pair + 1) } else { Link::of(USERS, pair, pair) }
    };
    (0..ids).map(link).collect()
}

#[tokio::test]
async fn a_person_with_more_than_fifty_ids_is_an_error_and_no_cut() {
    for (fit, exceed, rule) in [(wide(49), wide(50), USERS), (long(49), long(50), ALIASES)] {
        let most = learnt(&world_of(&fit)).await.unwrap();
        assert_eq!(most.len(), 49);
        assert_follows(&most, &fit);
        assert_discreet(&learnt(&world_of(&exceed)).await.unwrap_err(), rule);
    }
}

#[tokio::test]
async fn an_id_in_more_rows_than_are_read_is_an_error_and_no_cut() {
    for rows in [15, 25] {
        let links = vec![Link::of(USERS, 0, 0); rows];
        let world = world_of(&links);
        world.local.limit_pages(1);
        match learnt(&world).await {
            Ok(all) if rows == 15 => assert_follows(&all, &links),
            Err(error) if rows == 25 => assert_discreet(&error, USERS),
            other => panic!("{rows} rows: {other:?}"),
        }
    }
}

const NO_TEXT: &str = "987654";

fn no_texts() -> Vec<Value> {
    vec![
        json!({"N": NO_TEXT}),
        json!({"B": "aWQtMQ=="}),
        json!({"BOOL": true}),
        json!({"NULL": true}),
        json!({"L": [{"S": "id-1"}]}),
        json!({"SS": ["id-1"]}),
    ]
}

/// By these, each of the rules has an id from which it leads on.
fn first_links() -> [Link; 2] {
    [Link::of(USERS, 0, 0), Link::of(PARTICIPANTS, 0, 0)]
}

/// What is learnt where one row more has something else in a field, or nothing.
async fn learnt_beside(link: Link, field: &str, value: Option<&Value>) -> Result<Vec<LinkedId>, SourceError> {
    let world = world_of(&first_links());
    let mut row = link.row(first_links().len());
    let fields = row.as_object_mut().unwrap();
    fields.remove(field);
    fields.extend(value.map(|value| (field.to_owned(), value.clone())));
    world.put_row(link.rule.table, &row);
    learnt(&world).await
}

#[tokio::test]
async fn a_row_that_does_not_say_of_which_account_it_is_stops_the_search() {
    for rule in RULES {
        let accounts = no_texts().into_iter().map(Some).chain([None]);
        for account in accounts {
            let result = learnt_beside(Link::of(rule, 0, 1), "account_id", account.as_ref()).await;
            assert_discreet(&result.unwrap_err(), rule);
        }
    }
}

#[tokio::test]
async fn an_id_that_is_no_text_stops_the_search() {
    for rule in RULES {
        for id in no_texts() {
            let result = learnt_beside(Link::of(rule, 0, 1), "leads_to", Some(&id)).await;
            assert_discreet(&result.unwrap_err(), rule);
        }
    }
}

#[tokio::test]
async fn an_id_that_is_no_text_stops_nobody_in_another_account() {
    for rule in RULES {
        for id in no_texts() {
            let link = Link { account: BIRCH, ..Link::of(rule, 0, 1) };
            let ids = learnt_beside(link, "leads_to", Some(&id)).await.unwrap();
            assert_follows(&ids, &first_links());
        }
    }
}

#[tokio::test]
async fn what_an_address_leads_to_finds_records_and_what_it_does_not_lead_to_finds_none() {
    let world = world_of(&[Link::of(USERS, 0, 1), Link::of(ALIASES, 1, 2)]);
    let subject = Subject { ids: learnt(&world).await.unwrap(), ..ana_by_address() };
    for (kind, by) in [(Kind::Note, vec![1]), (Kind::Message, vec![0, 2]), (Kind::Log, vec![1])] {
        let record = |who| Record { who, place: who, ..anas(kind) };
        for who in 0..4 {
            world.put(&record(who));
        }
        let found = world.found(kind, &subject, Part::default()).await;
        let found: Vec<_> = found.into_iter().map(|found| seen(found).key).collect();
        let expected: Vec<_> = by.into_iter().map(|who| record(who).key()).collect();
        assert_eq!(found, expected, "{kind:?}");
    }
}
