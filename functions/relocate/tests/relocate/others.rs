//! Others are at the same archives at the same time.

use habeas_domain::Residency;
use habeas_testkit::at;
use proptest::prelude::*;

use crate::requests::{completed, in_order, moved};
use crate::world::{DONE, LATER, World, block_on, input, soon};

#[tokio::test]
async fn an_archive_that_is_removed_while_it_is_copied_is_gone_everywhere() {
    let request = completed("amber", 1);
    let world = World::moving(std::slice::from_ref(&request)).await;
    let (table, shelf, id) = (world.table.clone(), world.shelf.clone(), request.id);
    world.shelf.in_the_midst(async move {
        shelf.stock().archives.clear();
        table.note_removal(id, None, at(LATER)).await.unwrap();
    });
    assert_eq!(world.relocate(1).await, DONE);
    let removed = request.with_archive_removed(at(LATER)).unwrap();
    let (requests, archives, begun) = world.everything().await;
    assert_eq!(requests, [removed]);
    assert!(archives.is_empty() && begun.is_empty(), "{archives:?} {begun:?}");
    assert_eq!(world.relocation().await.moved, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn two_at_the_same_move_do_what_one_does(
        one in prop::collection::vec(0_usize..8, 12),
        other in prop::collection::vec(0_usize..8, 12),
    ) {
        block_on(async {
            let requests = [1, 2, 3].map(|number| completed("amber", number));
            let world = World::moving(&requests).await;
            let [one, other] = [one, other].map(|yields| world.mover(world.shelf.yielding(yields)));
            let (input, until) = (input(1), soon());
            let (one, other) = tokio::join!(one.relocate(&input, until), other.relocate(&input, until));
            assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
            world.relocate_to_the_end().await;
            let expected = requests.map(|request| moved(&request, 1, Residency::Eea));
            assert_eq!(world.everything().await, in_order(&expected));
            let relocation = world.relocation().await;
            assert!(relocation.ended_at.is_some());
            assert_eq!((relocation.moved, relocation.left, relocation.failing), (3, Some(0), 0));
        });
    }
}
