//! Another change of where the data are kept takes over, amid a move or after it.

use habeas_domain::{InHand, Residency};
use habeas_testkit::at;

use crate::requests::{completed, in_order, moved};
use crate::world::{DONE, LATER, World, choose};

#[tokio::test]
async fn a_move_gives_way_to_a_later_change_and_leaves_no_copy() {
    let request = completed("amber", 1);
    let world = World::moving(std::slice::from_ref(&request)).await;
    let table = world.table.clone();
    world.shelf.in_the_midst(async move { choose(&table, "us").await });
    for entry in [1, 1, 2] {
        assert_eq!(world.relocate(entry).await, DONE);
        assert_eq!(world.everything().await, in_order(std::slice::from_ref(&request)));
    }
    let relocation = world.relocation().await;
    assert_eq!((relocation.entry, relocation.to), (2, Residency::Us));
    assert_eq!((relocation.moved, relocation.ended_at), (0, Some(at(LATER))));
}

#[tokio::test]
async fn what_goes_there_and_back_again_is_where_it_began() {
    let request = completed("amber", 1);
    let world = World::moving(std::slice::from_ref(&request)).await;
    assert_eq!(world.relocate(1).await, DONE);
    choose(&world.table, "us").await;
    assert_eq!(world.relocate(2).await, DONE);
    let back = moved(&moved(&request, 1, Residency::Eea), 2, Residency::Us);
    assert_eq!(world.everything().await, in_order(&[back]));
}

#[tokio::test]
async fn what_an_unfinished_copy_has_left_goes_when_another_change_takes_over() {
    let request = completed("amber", 1);
    let world = World::moving(std::slice::from_ref(&request)).await;
    world.shelf.stock().unfinished = 1;
    world.relocate(1).await;
    choose(&world.table, "us").await;
    for entry in [1, 2] {
        assert_eq!(world.relocate(entry).await, DONE);
    }
    assert_eq!(world.everything().await, in_order(&[request]));
}

#[tokio::test]
async fn an_original_that_was_left_behind_goes_when_another_change_takes_over() {
    let request = completed("amber", 1);
    let world = World::moving(std::slice::from_ref(&request)).await;
    assert_eq!(world.relocate(1).await, DONE);
    let relocation = world.relocation().await;
    // As if the first move had broken off right before the original was deleted.
    let (_, original, _) = in_order(std::slice::from_ref(&request));
    world.shelf.stock().archives.extend(original);
    let from = request.archive.as_ref().unwrap().place();
    let left = InHand { request: request.id, from, copy: relocation.copy_of(request.id) };
    world.leave_in_hand(&left);
    for (entry, place) in [(2, "us"), (3, "eea")] {
        choose(&world.table, place).await;
        assert_eq!(world.relocate(entry).await, DONE);
    }
    let there = moved(&request, 1, Residency::Eea);
    let back = moved(&there, 2, Residency::Us);
    assert_eq!(world.everything().await, in_order(&[moved(&back, 3, Residency::Eea)]));
}
