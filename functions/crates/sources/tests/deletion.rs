//! A deletion does what the data map says to what its inventory lists, and
//! nothing to anything else: whatever the map is, whoever else has a part in the
//! records, whatever the product does meanwhile, and whatever goes wrong.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "deletion/answers.rs"]
mod answers;
#[path = "deletion/batches.rs"]
mod batches;
#[path = "deletion/case.rs"]
mod case;
#[path = "deletion/drafts.rs"]
mod drafts;
#[path = "deletion/events.rs"]
mod events;
#[path = "deletion/files.rs"]
mod files;
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
#[path = "deletion/world.rs"]
mod world;

use std::cell::Cell;
use std::collections::BTreeSet;

use batches::Work;
use case::{Case, some_case};
use habeas_sources::DataMap;
use maps::Rule;
use model::Model;
use proptest::prelude::*;
use steps::{Deletion, Listing, listed};
use tables::{Id, Rows, Table};
use world::World;

/// How many cases both tests have together. A case takes some 15 ms without
/// optimisation, most of it in the SDK, so that these are over in ten seconds.
/// `cargo xtask test` asks for ten times as many.
const CASES: u32 = 1_000;

/// Says another number of cases.
const CASES_VARIABLE: &str = "HABEAS_DELETION_CASES";

/// A case that fails is made smaller for half a minute.
const SHRINKS_MAX: u32 = 2_000;

/// More than any table of a case has.
const ALL_RECORDS: u32 = 1_000;

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

    world.aws.limit_pages(case.page_records);
    world.answers.behave(case.manners, case.page_records);
    let turns = case.go_wrong(&world.aws);
    let listings = inventory(case, &deletion, &model);
    let touched = case.happen(world, &mut model.rows);
    let others = model.rows.clone();
    let deletion = &deletion;
    let mut work = Work { case, world, deletion, model, others, touched, held: BTreeSet::new(), turns };
    work.erase(&listings);
    world.aws.spare_all();
    let after = world.rows(&case.tables());
    assert_untouched(&work.others, &after, &listings);
    assert_eq!(after, work.model.rows);

    world.aws.limit_pages(ALL_RECORDS);
    look_again(&work, &listings);
    work.erase_again(&listings);
    assert_eq!(world.rows(&case.tables()), work.model.rows);
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

/// The promise itself, without the model: what no inventory lists is byte for byte
/// as the product has left it, and nothing has come up.
fn assert_untouched(others: &Rows, after: &Rows, listings: &[Listing<'_>]) {
    let mut inventory: BTreeSet<Id> = BTreeSet::new();
    for listing in listings {
        inventory.extend(listing.sorted().iter().map(|listed| listed.id(listing.entry)));
    }
    for (id, row) in others.iter().filter(|(id, _)| !inventory.contains(*id)) {
        assert_eq!(after.get(id), Some(row), "{id:?} is in no inventory");
    }
    assert!(after.keys().all(|id| others.contains_key(id)), "{after:?} has more than {others:?}");
}

/// What is still found as the people's was held, or the product has touched it.
fn look_again(work: &Work<'_>, listings: &[Listing<'_>]) {
    let Work { deletion, model, held, .. } = work;
    let gone = listings.iter().enumerate().filter(|(_, listing)| listing.entry.rule != Rule::Retain);
    for (number, Listing { who, entry, targets }) in gone {
        let mut found = deletion.listing(entry, *who).sorted();
        assert_eq!(found, model.inventory(entry, *who), "{} of {who}", entry.name);
        // Of objects that records led to the inventory knows, whatever leads there now.
        if entry.table == Table::Files && entry.through.is_some() {
            found.clear();
            for target in targets {
                let (listed, is_left) = (listed(target), deletion.is_left(entry, *who, target));
                assert_eq!(is_left, model.is_left(entry, *who, &listed), "{listed:?}");
                found.extend(is_left.then_some(listed));
            }
        }
        for listed in found {
            let is_touched = work.is_touched(entry, &listed);
            let is_held = held.contains(&(number, listed.key.clone(), listed.lead.clone()));
            assert!(is_touched || is_held, "{listed:?} is still there");
        }
    }
}
