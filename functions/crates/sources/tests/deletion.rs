//! A deletion does what the data map says to what its inventory lists, and
//! nothing to anything else: whatever the map is, whoever else has a part in the
//! records, whatever the product does meanwhile, and whatever goes wrong.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "deletion/case.rs"]
mod case;
#[path = "deletion/drafts.rs"]
mod drafts;
#[path = "deletion/maps.rs"]
mod maps;
#[path = "deletion/model.rs"]
mod model;
#[path = "deletion/records.rs"]
mod records;
#[path = "deletion/steps.rs"]
mod steps;
#[path = "deletion/tables.rs"]
mod tables;

use std::cell::Cell;
use std::collections::BTreeSet;

use case::{Case, some_case};
use habeas_sources::{DataMap, Erased, Key};
use maps::Rule;
use model::Model;
use proptest::prelude::*;
use steps::{Deletion, Listing, listed};
use tables::{Id, Rows, World};

/// How many cases both tests have together. A case takes some 15 ms without
/// optimisation, most of it in the SDK, so that these are over in ten seconds.
/// `cargo xtask test` asks for ten times as many.
const CASES: u32 = 1_000;

/// Says another number of cases.
const CASES_VARIABLE: &str = "HABEAS_DELETION_CASES";

/// A case that fails is made smaller for half a minute.
const SHRINKS_MAX: u32 = 2_000;

/// More than any table of a case has.
const ALL_RECORDS: u64 = 1_000;

/// Some tenths of all cases.
fn config(tenths: u32) -> ProptestConfig {
    let cases = std::env::var(CASES_VARIABLE).map_or(CASES, |number| number.parse().unwrap());
    let cases = (cases * tenths).div_ceil(10);
    ProptestConfig {
        max_shrink_iters: SHRINKS_MAX,
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

// Two tests, as there are two cores: with two people a case takes half as long again.

#[test]
fn what_is_not_listed_of_one_person_is_never_touched_and_what_is_becomes_what_the_map_says() {
    let spare = Cell::new(None);
    proptest!(config(6), |(case in some_case(1))| {
        with_tables(&spare, &case);
    });
}

#[test]
fn what_is_not_listed_of_two_people_is_never_touched_and_what_is_becomes_what_the_map_says() {
    let spare = Cell::new(None);
    proptest!(config(4), |(case in some_case(2))| {
        with_tables(&spare, &case);
    });
}

/// Tables take longer to make than a case does. They are used again, unless the
/// case has failed in them.
fn with_tables(spare: &Cell<Option<World>>, case: &Case) {
    let world = spare.take().unwrap_or_else(World::new);
    play(&world, case);
    world.rows(&case.tables()).keys().for_each(|id| world.remove(id));
    spare.set(Some(world));
}

/// A deletion from its plan to its end, and once more.
fn play(world: &World, case: &Case) {
    let (toml, holds) = (case.map.toml(), case.held());
    let map = DataMap::parse(&toml, "123456789012", "eu-central-1");
    let map = map.unwrap_or_else(|error| panic!("{error}\n{toml}"));
    let mut model = Model::of(&case.map, case.people, &holds, case.rows());
    model.rows.iter().for_each(|((table, _), row)| world.put(*table, row));
    let deletion = Deletion::planned(world, &map, &model.people, &holds);

    world.local.limit_pages(case.page_records);
    let turns = case.go_wrong(&world.local);
    let listings = inventory(case, &deletion, &model);
    let touched = case.happen(world, &mut model.rows);
    let before = model.rows.clone();
    let held = erase(case, world, &deletion, &mut model, &listings, &turns);
    world.local.spare_all();
    let after = world.rows(&case.tables());
    assert_untouched(&before, &after, &listings);
    assert_eq!(after, model.rows);

    world.local.limit_pages(ALL_RECORDS);
    look_again(&deletion, &model, &listings, &held, &touched);
    erase_again(&deletion, &model, &listings);
    assert_eq!(world.rows(&case.tables()), model.rows);
}

/// Person by person, and source by source.
fn inventory<'c>(case: &'c Case, deletion: &Deletion<'_>, model: &Model<'_>) -> Vec<Listing<'c>> {
    let mut listings = Vec::new();
    for who in 0..case.people {
        for entry in &case.map.entries {
            let listing = deletion.listing(entry, who);
            assert_eq!(listing.sorted(), model.inventory(entry, who), "{} of {who}", entry.name);
            listings.push(listing);
        }
    }
    listings
}

/// Erases what is listed, some at a time, and says what was held: by its listing's
/// number and its key.
fn erase(
    case: &Case,
    world: &World,
    deletion: &Deletion<'_>,
    model: &mut Model<'_>,
    listings: &[Listing<'_>],
    turns: &[bool],
) -> BTreeSet<(usize, Key)> {
    let mut held = BTreeSet::new();
    let mut sizes = case.batches.iter().cycle();
    for (number, Listing { who, entry, targets }) in listings.iter().enumerate() {
        let mut rest = &targets[..];
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            rest = later;
            let from = world.local.calls().len();
            let became = deletion.erased(entry, *who, batch);
            let calls = world.local.calls().len() - from;
            let is_sure = !turns.iter().skip(from).take(calls).any(|is_wrong| *is_wrong);
            for (target, became) in batch.iter().zip(became) {
                let listed = listed(target);
                let must = model.erase(entry, *who, &listed);
                // Whose answer was lost is left when it is erased once more.
                let is_lost = !is_sure && is_erased(must) && became == Erased::Left;
                assert!(became == must || is_lost, "{became:?} instead of {must:?}: {target:?}");
                held.extend((must == Erased::Held).then_some((number, listed.0)));
            }
        }
    }
    held
}

fn is_erased(became: Erased) -> bool {
    matches!(became, Erased::Deleted | Erased::Masked)
}

/// The promise itself, without the model: what no inventory lists is byte for byte
/// what it was, and nothing has come up.
fn assert_untouched(before: &Rows, after: &Rows, listings: &[Listing<'_>]) {
    let of = |listing: &Listing<'_>| {
        let table = listing.entry.table;
        listing.sorted().into_iter().map(move |(key, _)| (table, key))
    };
    let inventory: BTreeSet<Id> = listings.iter().flat_map(of).collect();
    for (id, row) in before.iter().filter(|(id, _)| !inventory.contains(*id)) {
        assert_eq!(after.get(id), Some(row), "{id:?} is in no inventory");
    }
    assert!(after.keys().all(|id| before.contains_key(id)), "{after:?} has more than {before:?}");
}

/// What is still found as the people's was held, or the product has touched it.
fn look_again(
    deletion: &Deletion<'_>,
    model: &Model<'_>,
    listings: &[Listing<'_>],
    held: &BTreeSet<(usize, Key)>,
    touched: &BTreeSet<Id>,
) {
    let gone = listings.iter().enumerate().filter(|(_, listing)| listing.entry.rule != Rule::Retain);
    for (number, Listing { who, entry, .. }) in gone {
        let found = deletion.listing(entry, *who).sorted();
        assert_eq!(found, model.inventory(entry, *who), "{} of {who}", entry.name);
        for (key, _) in found {
            let is_touched = touched.contains(&(entry.table, key.clone()));
            assert!(is_touched || held.contains(&(number, key.clone())), "{key:?} is still there");
        }
    }
}

/// What was erased is left, and what stayed stays.
fn erase_again(deletion: &Deletion<'_>, model: &Model<'_>, listings: &[Listing<'_>]) {
    for Listing { who, entry, targets } in listings {
        let must: Vec<_> = targets.iter().map(|target| model.became(entry, *who, &listed(target))).collect();
        assert!(!must.iter().copied().any(is_erased), "{must:?} of {targets:?}");
        assert_eq!(deletion.erased(entry, *who, targets), must, "{targets:?}");
    }
}
