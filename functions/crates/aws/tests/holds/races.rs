//! Two at the same moment, of which one wins.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use habeas_domain::{Stamp, StoreError, follow_up};
use habeas_local_table::LocalTable;
use habeas_testkit::at;

use crate::{
    LATER, NOW, amber, hold, hold_id, note, on_bob, placed, queued, release, request_id, with_deletion,
};

/// By so much, times up to 64, either side of a race begins later.
const HEAD_START: Duration = Duration::from_micros(100);

fn block_on<F: Future>(run: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run)
}

#[test]
fn a_follow_up_is_filed_once_though_two_sweeps_run() {
    for round in 0..50_u32 {
        let local = LocalTable::new();
        with_deletion(&local, request_id(1));
        let held = block_on(async {
            let table = local.table();
            placed(&table, &hold(1, on_bob())).await;
            table.put_held(&note(request_id(1), &[hold_id(1)]), vec![], at(NOW)).await.unwrap();
            release(&table, hold_id(1)).await.unwrap();
            table.released(at(LATER) + TimeDelta::days(1)).await.unwrap().rows.remove(0)
        });
        let start = Arc::new(Barrier::new(2));
        let sweeps = [2, 3].map(|number| {
            let (table, held, start) = (local.table(), held.clone(), Arc::clone(&start));
            thread::spawn(move || {
                let stamp = Stamp { id: request_id(number), at: at(LATER) };
                let request = follow_up(&held.original, stamp, TimeDelta::minutes(30));
                start.wait();
                thread::sleep(HEAD_START * (round * number as u32 * 37 % 64));
                block_on(table.file_follow_up(&request, &held.note)).is_ok()
            })
        });
        let filed = sweeps.map(|sweep| sweep.join().unwrap());
        let rows =
            [2, 3].map(|number| block_on(local.table().request(request_id(number))).unwrap().is_some());
        assert_eq!(filed, rows);
        assert_eq!(filed.iter().filter(|filed| **filed).count(), 1);
    }
}

#[test]
fn a_hold_and_a_deletion_that_begins_have_one_winner_and_the_loser_sees_it() {
    let (mut held, mut late) = (0, 0);
    for round in 0..200_u32 {
        let local = LocalTable::new();
        let begins = 1 + round % 3;
        let start = Arc::new(Barrier::new(begins as usize + 1));
        let deletions: Vec<_> = (0..begins)
            .map(|number| {
                let (table, start) = (local.table(), Arc::clone(&start));
                thread::spawn(move || {
                    let id = request_id(u128::from(number));
                    start.wait();
                    thread::sleep(HEAD_START * ((round + number) * 37 % 64));
                    // As `erase` does: until it has begun by a book that still holds.
                    loop {
                        let seen = block_on(table.hold_book(&amber())).unwrap();
                        match block_on(table.begin_erasing(&amber(), id, &seen)) {
                            Ok(()) => return (id, !seen.holds.is_empty()),
                            Err(StoreError::Conflict) => {}
                            Err(fault) => panic!("{fault:?}"),
                        }
                    }
                })
            })
            .collect();
        let table = local.table();
        start.wait();
        thread::sleep(HEAD_START * (round * 53 % 64));
        let too_late_for = loop {
            let seen = block_on(table.hold_book(&amber())).unwrap();
            match block_on(table.place_hold(&hold(1, on_bob()), &seen)) {
                Ok(()) => break seen.erasing,
                Err(StoreError::Conflict) => {}
                Err(fault) => panic!("{fault:?}"),
            }
        };
        for deletion in deletions {
            let (id, has_seen_it) = deletion.join().unwrap();
            assert_eq!(too_late_for.contains_key(&id), !has_seen_it, "round {round}");
            if has_seen_it { held += 1 } else { late += 1 }
        }
    }
    assert!(held > 0 && late > 0, "no race: {held} held, {late} late");
}

#[test]
fn no_release_misses_what_is_noted_at_the_same_moment() {
    let (mut by_release, mut by_note) = (0, 0);
    for round in 0..200_u32 {
        let local = LocalTable::new();
        with_deletion(&local, request_id(1));
        block_on(placed(&local.table(), &hold(1, on_bob())));
        let start = Arc::new(Barrier::new(2));
        let noting = thread::spawn({
            let (table, start) = (local.table(), Arc::clone(&start));
            move || {
                start.wait();
                thread::sleep(HEAD_START * (round * 37 % 64));
                block_on(table.put_held(&note(request_id(1), &[hold_id(1)]), vec![], at(NOW))).unwrap();
            }
        });
        start.wait();
        thread::sleep(HEAD_START * (round * 53 % 64));
        let affected = loop {
            match block_on(release(&local.table(), hold_id(1))) {
                Ok(affected) => break affected,
                Err(StoreError::Conflict) => {}
                Err(fault) => panic!("{fault:?}"),
            }
        };
        noting.join().unwrap();
        assert_eq!(block_on(queued(&local.table())), [request_id(1)], "round {round}");
        if affected.is_empty() { by_note += 1 } else { by_release += 1 }
    }
    assert!(by_release > 0 && by_note > 0, "no race: {by_release} by release, {by_note} by note");
}
