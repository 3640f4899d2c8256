//! Erasing what is listed, some at a time, beside a product that goes on.

use std::collections::BTreeSet;

use habeas_sources::{Erased, Key, Target};

use crate::case::Case;
use crate::events::{Happened, Written, note};
use crate::files::versions;
use crate::maps::Entry;
use crate::model::{Listed, Model};
use crate::steps::{Deletion, Listing, listed};
use crate::tables::{Id, Row, Rows, Table};
use crate::world::World;

/// A deletion that is erasing.
pub(crate) struct Work<'w> {
    pub(crate) case: &'w Case,
    pub(crate) world: &'w World,
    pub(crate) deletion: &'w Deletion<'w>,
    pub(crate) model: Model<'w>,
    /// The rows as only the product would have left them.
    pub(crate) others: Rows,
    /// What the product has written since the inventory.
    pub(crate) touched: BTreeSet<Id>,
    /// What was held: by its listing's number, its key, and the record that led to it.
    pub(crate) held: BTreeSet<(usize, Key, Option<Key>)>,
    /// Of each call whether it goes wrong.
    pub(crate) turns: Vec<bool>,
}

/// Targets that are erased in one go.
struct Batch<'b> {
    entry: &'b Entry,
    who: usize,
    listed: Vec<Listed>,
    became: Vec<Erased>,
    /// Whether no call went wrong.
    is_sure: bool,
}

fn is_erased(became: Erased) -> bool {
    matches!(became, Erased::Deleted | Erased::Masked)
}

impl Work<'_> {
    /// Files go before the records that lead to them.
    pub(crate) fn erase(&mut self, listings: &[Listing<'_>]) {
        let (mut sizes, mut count) = (self.case.batches.iter().cycle(), 0);
        for of_files in [true, false] {
            for (number, listing) in listings.iter().enumerate() {
                let mut rest = &listing.targets[..];
                while !rest.is_empty() && of_files == (listing.entry.table == Table::Files) {
                    let (targets, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                    rest = later;
                    self.erase_some(number, listing, targets, count);
                    count += 1;
                }
            }
        }
    }

    fn erase_some(&mut self, number: usize, listing: &Listing<'_>, targets: &[Target], count: usize) {
        let (entry, who) = (listing.entry, listing.who);
        let meanwhile = self.case.meanwhile.get(&count);
        let happening = meanwhile.map(|meanwhile| meanwhile.prepare(self.world, self.case));
        let from = self.world.aws.calls().len();
        let became = self.deletion.erased(entry, who, targets);
        let calls = self.world.aws.calls().len() - from;
        let is_sure = !self.turns.iter().skip(from).take(calls).any(|is_wrong| *is_wrong);
        let listed = targets.iter().map(listed).collect();
        let batch = Batch { entry, who, listed, became, is_sure };
        match happening.as_ref().and_then(|happening| happening.has_happened()) {
            Some(happened) => self.compare_around(&batch, happened),
            None => self.compare(&batch),
        }
        if let Some(behind) = happening.filter(|happening| happening.has_happened().is_none()) {
            self.note(&behind.happen().written);
        }
        let outcomes = batch.listed.into_iter().zip(batch.became);
        let held = outcomes.filter(|(_, became)| *became == Erased::Held);
        self.held.extend(held.map(|(listed, _)| (number, listed.key, listed.lead)));
    }

    fn note(&mut self, written: &[Written]) {
        note(written, &mut self.model.rows);
        note(written, &mut self.others);
        self.touched.extend(written.iter().map(|(id, _)| id.clone()));
    }

    fn compare(&mut self, batch: &Batch<'_>) {
        for (place, listed) in batch.listed.iter().enumerate() {
            let (became, must) = (batch.became[place], self.model.erase(batch.entry, batch.who, listed));
            // Whose answer was lost is left when it is erased once more.
            let is_lost = !batch.is_sure && is_erased(must) && became == Erased::Left;
            let is_twin = must == Erased::Left && became == Erased::Deleted && batch.has_twin(place);
            assert!(became == must || is_lost || is_twin, "{became:?} instead of {must:?}: {listed:?}");
        }
    }

    /// The same where the product has changed something amid the calls. What was done
    /// before that, the rows show; what else was seen before it may be so no more.
    fn compare_around(&mut self, batch: &Batch<'_>, happened: &Happened) {
        let Batch { entry, who, listed, .. } = batch;
        let mut done = Vec::with_capacity(listed.len());
        for listed in listed {
            let id = listed.id(entry);
            let is_done = happened.before.get(&id) != self.model.rows.get(&id);
            done.push(is_done.then(|| self.model.erase(entry, *who, listed)));
        }
        assert_eq!(happened.before, self.model.rows, "when something else happened");
        let first: Vec<_> = listed.iter().map(|listed| self.model.became(entry, *who, listed)).collect();
        self.note(&happened.written);
        let after = self.world.rows(&self.case.tables());
        for (place, listed) in listed.iter().enumerate() {
            let (done, first) = (done[place], first[place]);
            let then = self.model.became(entry, *who, listed);
            let id = listed.id(entry);
            let may_be = if after.get(&id) == self.model.rows.get(&id) {
                let is_left_out = is_erased(first) && is_erased(then);
                assert!(done.is_some() || !is_left_out, "{listed:?} is still there");
                let is_gone = entry.table == Table::Files && !after.contains_key(&id);
                batch.may_have_been(place, (done, first, then), is_gone)
            } else {
                // Records say in the very write whose they are. Objects cannot.
                let is_file = entry.table == Table::Files;
                let may_go = is_erased(then) || (is_file && is_erased(first));
                let is_first = done.is_none() || !batch.is_sure || batch.has_twin(place);
                assert!(may_go && is_first, "{listed:?} was {then:?}");
                if is_file {
                    self.delete_seen(id.clone(), after.get(&id), &happened.written);
                    vec![Erased::Deleted]
                } else {
                    vec![self.model.erase(entry, *who, listed)]
                }
            };
            let became = batch.became[place];
            let is_lost = !batch.is_sure && !is_erased(became) && [Erased::Left, then].contains(&became);
            assert!(may_be.contains(&became) || is_lost, "{became:?} and none of {may_be:?}: {listed:?}");
        }
        assert_eq!(after, self.model.rows);
    }

    /// Deletes the versions of an object that were seen. One that has just come stays.
    fn delete_seen(&mut self, id: Id, rest: Option<&Row>, written: &[Written]) {
        let there = self.model.rows.remove(&id);
        if let Some(rest) = rest {
            let is_written = written.iter().any(|(other, _)| *other == id);
            let came = there.is_some_and(|there| versions(&there).ends_with(versions(rest)));
            assert!(is_written && came && versions(rest).len() == 1, "{rest:?} is left of {id:?}");
            self.model.rows.insert(id, rest.clone());
        }
    }

    /// What was erased is left, and what stayed stays, unless the product has touched it.
    pub(crate) fn erase_again(&mut self, listings: &[Listing<'_>]) {
        for Listing { who, entry, targets } in listings {
            let became = self.deletion.erased(entry, *who, targets);
            let listed: Vec<_> = targets.iter().map(listed).collect();
            for (listed, became) in listed.iter().zip(&became) {
                assert!(!is_erased(*became) || self.is_touched(entry, listed), "{listed:?}: {became:?}");
            }
            self.compare(&Batch { entry, who: *who, listed, became, is_sure: true });
        }
    }

    /// Whether the product has written something, or what led to it.
    pub(crate) fn is_touched(&self, entry: &Entry, listed: &Listed) -> bool {
        let lead = self.model.lead(entry, listed).map(|(_, id)| id);
        self.touched.contains(&listed.id(entry)) || lead.is_some_and(|id| self.touched.contains(&id))
    }
}

impl Batch<'_> {
    /// Whether an object is in the batch twice, as two records may lead to it. Both
    /// calls may have seen it before one of them took it.
    fn has_twin(&self, place: usize) -> bool {
        let key = &self.listed[place].key;
        let same = self.listed.iter().filter(|other| other.key == *key).count();
        self.entry.table == Table::Files && same > 1
    }

    /// What may be told of a target that was not erased behind a change: what it was
    /// `done` before, or what was seen of it before and behind the change.
    fn may_have_been(
        &self,
        place: usize,
        (done, first, then): (Option<Erased>, Erased, Erased),
        is_gone: bool,
    ) -> Vec<Erased> {
        let mut may_be: Vec<_> = match done {
            Some(done) => vec![done],
            None => [first, then].into_iter().filter(|seen| !is_erased(*seen)).collect(),
        };
        // The hold was over when it was looked for.
        if first == Erased::Held && is_erased(then) {
            may_be.push(Erased::Left);
        }
        // Somebody else took it after it had been seen.
        if is_gone && (first == Erased::Deleted || self.has_twin(place)) {
            may_be.push(Erased::Deleted);
        }
        may_be
    }
}
