//! A deletion as the workflow does it, by the code that does it there.

use std::collections::BTreeSet;

use habeas_sources::{
    Cursor, DataMap, Erased, Erasing, Found, OnHold, Part, Pseudonyms, Source, SourceError, Subject, Target,
    Walk, erase, identify, is_left, is_shared,
};
use habeas_testkit::{account, address};

use crate::maps::Entry;
use crate::model::{Held, Listed, Person, pseudonyms};
use crate::records::{AMBER, PEOPLE};
use crate::world::World;

/// No walk through a few dozen records takes as many pages.
const PAGES_MAX: usize = 1_000;

/// A deletion that is planned: it is known who the people are.
pub(crate) struct Deletion<'a> {
    world: &'a World,
    map: &'a DataMap,
    subjects: Vec<Subject>,
    pseudonyms: Pseudonyms,
    holds: Vec<OnHold<'a>>,
}

/// What was listed of somebody in a source.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    pub(crate) who: usize,
    pub(crate) entry: &'a Entry,
    pub(crate) targets: Vec<Target>,
}

impl Listing<'_> {
    /// What is listed, in order.
    pub(crate) fn sorted(&self) -> Vec<Listed> {
        let mut listed: Vec<_> = self.targets.iter().map(listed).collect();
        listed.sort();
        listed
    }
}

/// What tells a target from others.
pub(crate) fn listed(target: &Target) -> Listed {
    match target {
        Target::Record { key, files, shared } => {
            Listed { key: key.clone(), shared: *shared, files: files.clone(), lead: None }
        }
        Target::File { key, lead } => Listed::file(key, lead.clone()),
    }
}

impl<'a> Deletion<'a> {
    pub(crate) fn planned(world: &'a World, map: &'a DataMap, people: &[Person], holds: &'a [Held]) -> Self {
        let subject = |(who, person): (usize, &Person)| {
            let subject = Subject::new(address(PEOPLE[who]), account(AMBER).id, None);
            let ids = world.insist(|| identify(&world.stores, map, &subject)).unwrap();
            let subject = Subject { ids, ..subject };
            let users: BTreeSet<_> = subject.ids("user_id").into_iter().map(str::to_owned).collect();
            assert_eq!(users, person.users);
            subject
        };
        let subjects = people.iter().enumerate().map(subject).collect();
        let on_hold = |held: &'a Held| OnHold { source: &held.source, field: held.field, value: &held.value };
        let holds = holds.iter().map(on_hold).collect();
        Self { world, map, subjects, pseudonyms: pseudonyms(), holds }
    }

    fn source(&self, entry: &Entry) -> &'a Source {
        self.map.source(&entry.name).unwrap()
    }

    /// All that is somebody's own in a source.
    pub(crate) fn listing<'e>(&self, entry: &'e Entry, who: usize) -> Listing<'e> {
        let of = entry.parts();
        let targets = (0..of).flat_map(|number| self.walk(entry, who, Part { number, of })).collect();
        Listing { who, entry, targets }
    }

    /// From page to page, each by a walk that knows of those before it what was
    /// stored, and nothing else.
    fn walk(&self, entry: &Entry, who: usize, part: Part) -> Vec<Target> {
        let source = self.source(entry);
        let (mut targets, mut next) = (Vec::new(), Some(Cursor::default()));
        for _ in 0..PAGES_MAX {
            let Some(cursor) = next else {
                // Versions of one object stand side by side, and go together.
                targets.dedup();
                return targets;
            };
            let cursor = stored(&cursor);
            let (found, behind) = self.world.insist(|| self.page(source, who, part, &cursor)).unwrap();
            targets.extend(found);
            next = behind;
        }
        panic!("the walk has no end");
    }

    async fn page(
        &self,
        source: &Source,
        who: usize,
        part: Part,
        cursor: &Cursor,
    ) -> Result<(Vec<Target>, Option<Cursor>), SourceError> {
        let stores = &self.world.stores;
        let walk = Walk::new(stores, self.map, source, &self.subjects[who]);
        let page = walk.through_part(part).with_old_versions().page(cursor).await?;
        let mut targets = Vec::new();
        for found in page.found {
            let shared = match &found {
                Found::Record { item, own: true, .. } => {
                    is_shared(stores, self.map, source, item, &self.subjects).await?
                }
                Found::Record { own: false, .. } | Found::File { .. } => false,
            };
            targets.extend(Target::of(self.map, source, found, shared));
        }
        Ok((targets, page.next))
    }

    /// Whether the second reading finds an object that a record has led to.
    pub(crate) fn is_left(&self, entry: &Entry, who: usize, target: &Target) -> bool {
        let (stores, source) = (&self.world.stores, self.source(entry));
        self.world.insist(|| is_left(stores, self.map, source, &self.subjects[who], target)).unwrap()
    }

    /// Erases targets in one call, and says what became of each.
    pub(crate) fn erased(&self, entry: &Entry, who: usize, targets: &[Target]) -> Vec<Erased> {
        let with = Erasing {
            stores: &self.world.stores,
            map: self.map,
            subject: &self.subjects[who],
            pseudonyms: Some(&self.pseudonyms),
            on_hold: &self.holds,
        };
        let (source, targets) = (self.source(entry), targets.iter().collect::<Vec<_>>());
        let erased = self.world.insist(|| erase(&with, source, &targets)).unwrap();
        assert_eq!(erased.len(), targets.len());
        erased
    }
}

/// A cursor as it is read again after it was stored.
fn stored(cursor: &Cursor) -> Cursor {
    serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap()
}
