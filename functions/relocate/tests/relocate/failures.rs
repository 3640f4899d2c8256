//! Whatever fails, the archives are moved in the end.

use std::collections::BTreeMap;

use habeas_domain::Residency;
use proptest::prelude::*;
use relocate::Outcome;

use crate::requests::{completed, in_order, moved};
use crate::shelf::Begun;
use crate::troubles::{Trouble, moved_despite};
use crate::world::{DONE, World, block_on};

#[tokio::test]
async fn an_archive_that_cannot_be_moved_keeps_no_other_from_it() {
    let requests = [1, 2, 3].map(|number| completed("amber", number));
    let world = World::moving(&requests).await;
    world.shelf.stock().failing = 1;
    let outcome = world.relocate(1).await;
    assert!(!outcome.done && outcome.wait_seconds >= 10, "{outcome:?}");
    let relocation = world.relocation().await;
    assert_eq!((relocation.moved, relocation.left, relocation.failing), (2, Some(1), 1));

    assert_eq!(world.relocate(1).await, DONE);
    let expected = requests.map(|request| moved(&request, 1, Residency::Eea));
    assert_eq!(world.everything().await, in_order(&expected));
    let relocation = world.relocation().await;
    assert_eq!((relocation.moved, relocation.left, relocation.failing), (3, Some(0), 0));
}

#[tokio::test]
async fn a_copy_that_ran_out_of_time_is_gone_on_with_at_once() {
    let requests = [1, 2].map(|number| completed("amber", number));
    let world = World::moving(&requests).await;
    world.shelf.stock().unfinished = 1;
    assert_eq!(world.relocate(1).await, Outcome { done: false, wait_seconds: 0 });
    let relocation = world.relocation().await;
    let in_hand = relocation.in_hand.values().next().unwrap();
    let (found, archives, begun) = world.everything().await;
    assert_eq!(begun, Begun::from([(Residency::Eea, format!("archives/{}-1.zip", in_hand.request))]));
    assert_eq!((found, archives, Begun::new()), in_order(&requests));

    assert_eq!(world.relocate(1).await, DONE);
    let expected = requests.map(|request| moved(&request, 1, Residency::Eea));
    assert_eq!(world.everything().await, in_order(&expected));
    assert_eq!(world.relocation().await.in_hand, BTreeMap::new());
}

fn some_troubles() -> impl Strategy<Value = BTreeMap<usize, Trouble>> {
    prop::collection::btree_map(1_usize..40, prop::sample::select(Trouble::ALL.to_vec()), 2..5)
}

#[tokio::test]
async fn whatever_fails_the_archives_are_moved_in_the_end() {
    let steps = moved_despite(BTreeMap::new()).await;
    assert!(steps > 10, "{steps}");
    for step in 1..=steps {
        for trouble in Trouble::ALL {
            moved_despite(BTreeMap::from([(step, trouble)])).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn however_much_fails_the_archives_are_moved_in_the_end(troubles in some_troubles()) {
        block_on(moved_despite(troubles));
    }
}
