//! What goes wrong with the table and with archives, and when.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;

use habeas_domain::{Residency, StoreError};
use habeas_local_table::{Fault, LocalTable};
use habeas_testkit::at;

use crate::requests::{completed, filed, in_order, moved};
use crate::world::{LATER, World};

/// How often the SDK tries a call.
const ATTEMPTS: usize = 3;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// The next call of the table fails for good.
    Table(Fault),
    /// What is done next with an archive fails, or is done and its answer is lost.
    Place,
    Both,
}

impl Trouble {
    pub(crate) const ALL: [Self; 4] =
        [Self::Table(Fault::BeforeIt), Self::Table(Fault::AfterIt), Self::Place, Self::Both];
}

/// What goes wrong at which step. The steps are the beginnings of runs, the
/// looks at the clock, and the beginnings and ends of what is done with
/// archives: there is one before almost every call of the table.
struct Troubles {
    local: LocalTable,
    at: BTreeMap<usize, Trouble>,
    steps: usize,
    place_fails: bool,
}

thread_local! {
    static TROUBLES: RefCell<Option<Troubles>> = const { RefCell::new(None) };
}

impl Troubles {
    fn step(&mut self) {
        self.steps += 1;
        let fails = |fault| (0..ATTEMPTS).for_each(|_| self.local.fail_next(fault));
        match self.at.get(&self.steps) {
            None => {}
            Some(Trouble::Table(fault)) => fails(*fault),
            Some(Trouble::Place) => self.place_fails = true,
            Some(Trouble::Both) => {
                fails(Fault::BeforeIt);
                self.place_fails = true;
            }
        }
    }
}

pub(crate) fn step() {
    TROUBLES.with_borrow_mut(|troubles| {
        if let Some(troubles) = troubles {
            troubles.step();
        }
    });
}

pub(crate) fn place_step() -> Result<(), StoreError> {
    step();
    let fails = TROUBLES.with_borrow_mut(|troubles| {
        troubles.as_mut().is_some_and(|troubles| mem::take(&mut troubles.place_fails))
    });
    if fails { Err(StoreError::Unavailable("out of order".into())) } else { Ok(()) }
}

/// Moves archives while things go wrong, and says in how many steps. In the end
/// everything is as if nothing had.
pub(crate) async fn moved_despite(troubles: BTreeMap<usize, Trouble>) -> usize {
    let case = format!("{troubles:?}");
    let waiting = filed("amber", 1);
    let completed = [2, 3].map(|number| completed("amber", number));
    let world = World::moving(&completed).await;
    world.keep(&waiting);
    let troubles = Troubles { local: world.local.clone(), at: troubles, steps: 0, place_fails: false };
    TROUBLES.set(Some(troubles));
    world.relocate_to_the_end().await;
    let steps = TROUBLES.take().unwrap().steps;
    let [one, other] = completed.map(|request| moved(&request, 1, Residency::Eea));
    assert_eq!(world.everything().await, in_order(&[waiting, one, other]), "{case}");
    let relocation = world.relocation().await;
    assert_eq!((relocation.left, relocation.failing, relocation.moved), (Some(0), 0, 2), "{case}");
    assert_eq!((relocation.in_hand, relocation.ended_at), (BTreeMap::new(), Some(at(LATER))), "{case}");
    steps
}
