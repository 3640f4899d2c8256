//! A place for archives in memory, where copies fail, and others come in between.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use habeas_domain::{Place, Residency, StoreError};
use relocate::Shelves;

use crate::troubles::place_step;

pub(crate) type Archives = BTreeMap<(Residency, String), Vec<u8>>;
pub(crate) type Begun = BTreeSet<(Residency, String)>;
type Deed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where archives lie, in memory. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    stock: Arc<Mutex<Stock>>,
    /// How often others go first, wait by wait.
    yields: Arc<Mutex<VecDeque<usize>>>,
}

#[derive(Default)]
pub(crate) struct Stock {
    pub(crate) archives: Archives,
    pub(crate) begun: Begun,
    /// How many of the next copies fail.
    pub(crate) failing: u32,
    /// How many of the next copies run out of time.
    pub(crate) unfinished: u32,
    /// What others do in the midst of the next copy.
    midst: Option<Deed>,
}

impl Shelf {
    pub(crate) fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap()
    }

    pub(crate) fn in_the_midst(&self, deed: impl Future<Output = ()> + Send + 'static) {
        self.stock().midst = Some(Box::pin(deed));
    }

    /// The same shelf, for somebody who lets others go first.
    pub(crate) fn yielding(&self, yields: Vec<usize>) -> Self {
        Self { stock: Arc::clone(&self.stock), yields: Arc::new(Mutex::new(yields.into())) }
    }

    async fn wait(&self) {
        let times = self.yields.lock().unwrap().pop_front().unwrap_or_default();
        for _ in 0..times {
            tokio::task::yield_now().await;
        }
    }
}

impl Shelves for Shelf {
    async fn copy(&self, from: &Place, to: &Place, _: Instant) -> Result<bool, StoreError> {
        place_step()?;
        self.wait().await;
        let found = self.stock().archives.get(&shelved(from)).cloned();
        let Some(bytes) = found else { return Err(StoreError::Unavailable("not there".into())) };
        let copy = shelved(to);
        if self.stock().archives.contains_key(&copy) {
            return Ok(true);
        }
        self.stock().begun.insert(copy.clone());
        self.wait().await;
        if take_one(&mut self.stock().failing) {
            return Err(StoreError::Unavailable("out of order".into()));
        }
        if take_one(&mut self.stock().unfinished) {
            return Ok(false);
        }
        let midst = self.stock().midst.take();
        if let Some(deed) = midst {
            deed.await;
        }
        self.wait().await;
        self.stock().begun.remove(&copy);
        self.stock().archives.insert(copy, bytes);
        place_step()?;
        Ok(true)
    }

    async fn remove(&self, place: &Place) -> Result<(), StoreError> {
        place_step()?;
        self.wait().await;
        let archive = shelved(place);
        self.stock().begun.remove(&archive);
        self.stock().archives.remove(&archive);
        place_step()
    }
}

fn shelved(place: &Place) -> (Residency, String) {
    (place.residency, place.key.clone())
}

fn take_one(of: &mut u32) -> bool {
    let is_one = *of > 0;
    *of = of.saturating_sub(1);
    is_one
}
