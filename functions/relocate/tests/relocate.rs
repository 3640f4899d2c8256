//! An account's archives are each in one place, and in the end in the right
//! one: whatever fails, and whoever else is at it.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use habeas_aws::{Table, typed};
use habeas_domain::{
    Account, Archive, Country, EventKind, InHand, Place, Relocation, Request, RequestId, Residency, Role,
    Settings, SettingsPatch, Status, StoreError,
};
use habeas_local_table::{Fault, LocalTable};
use habeas_testkit::{account, address, at, member, offer, request};
use proptest::prelude::*;
use relocate::{Input, Outcome, Relocate, Shelves};
use serde_json::json;

/// When Ana changes where the data are kept.
const CHANGED: &str = "2026-01-05T12:00:00Z";
/// When they are moved.
const LATER: &str = "2026-01-06T10:00:00Z";
const ANA: &str = "ana@amber.example";
const DONE: Outcome = Outcome { done: true, wait_seconds: 0 };

/// How often the state machine tries.
const RUNS_MAX: usize = 30;

/// How often the SDK tries a call.
const ATTEMPTS: usize = 3;

type Archives = BTreeMap<(Residency, String), Vec<u8>>;
type Begun = BTreeSet<(Residency, String)>;
/// All requests, and all archives, finished and begun.
type Everything = (Vec<Request>, Archives, Begun);
type Deed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where archives lie, in memory. Clones share it.
#[derive(Clone, Default)]
struct Shelf {
    stock: Arc<Mutex<Stock>>,
    /// How often others go first, wait by wait.
    yields: Arc<Mutex<VecDeque<usize>>>,
}

#[derive(Default)]
struct Stock {
    archives: Archives,
    begun: Begun,
    /// How many of the next copies fail.
    failing: u32,
    /// How many of the next copies run out of time.
    unfinished: u32,
    /// What others do in the midst of the next copy.
    midst: Option<Deed>,
}

impl Shelf {
    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap()
    }

    fn in_the_midst(&self, deed: impl Future<Output = ()> + Send + 'static) {
        self.stock().midst = Some(Box::pin(deed));
    }

    /// The same shelf, for somebody who lets others go first.
    fn yielding(&self, yields: Vec<usize>) -> Self {
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

#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// The next call of the table fails for good.
    Table(Fault),
    /// What is done next with an archive fails, or is done and its answer is lost.
    Place,
    Both,
}

impl Trouble {
    const ALL: [Self; 4] =
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

fn step() {
    TROUBLES.with_borrow_mut(|troubles| {
        if let Some(troubles) = troubles {
            troubles.step();
        }
    });
}

fn place_step() -> Result<(), StoreError> {
    step();
    let fails = TROUBLES.with_borrow_mut(|troubles| {
        troubles.as_mut().is_some_and(|troubles| mem::take(&mut troubles.place_fails))
    });
    if fails { Err(StoreError::Unavailable("out of order".into())) } else { Ok(()) }
}

fn clock() -> DateTime<Utc> {
    step();
    at(LATER)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn input(entry: u64) -> Input {
    Input { account: account("amber").id, entry }
}

fn filed(of: &str, number: u32) -> Request {
    let id = RequestId::parse(&format!("019b8d3a-0000-7000-8000-{number:012}")).unwrap();
    Request { id, account: account(of).id, ..request() }.as_filed()
}

/// A request that was completed, with its archive in the US.
fn completed(of: &str, number: u32) -> Request {
    let filed = filed(of, number);
    let archive = Archive {
        key: format!("archives/{}.zip", filed.id),
        residency: Residency::Us,
        bytes: bytes_of(filed.id).len() as u64,
        expires_at: at("2026-04-05T11:00:00Z"),
        removed_at: None,
        withdrawn_by: None,
    };
    let started = filed.with_event(at("2026-01-05T10:05:00Z"), EventKind::Started, None, None);
    let end = at("2026-01-05T11:00:00Z");
    let ended = started.with_event(end, EventKind::Completed, None, None);
    Request { status: Status::Completed, ended_at: Some(end), archive: Some(archive), ..ended }
}

/// A completed request with something else about its archive.
fn completed_with(number: u32, change: impl FnOnce(&mut Archive)) -> Request {
    let mut request = completed("amber", number);
    change(request.archive.as_mut().unwrap());
    request
}

/// The request when its archive has been moved.
fn moved(request: &Request, entry: u64, to: Residency) -> Request {
    let key = format!("archives/{}-{entry}.zip", request.id);
    request.clone().with_archive_at(&Place { residency: to, key }, at(LATER)).unwrap()
}

fn bytes_of(id: RequestId) -> Vec<u8> {
    format!("the archive of {id}").into_bytes()
}

/// Every archive that is still kept is once where its row says, and nothing
/// else is anywhere.
fn in_order(requests: &[Request]) -> Everything {
    let mut archives = Archives::new();
    for request in requests {
        if let Some(archive) = request.archive.as_ref().filter(|archive| archive.removed_at.is_none()) {
            archives.insert((archive.residency, archive.key.clone()), bytes_of(request.id));
        }
    }
    (requests.to_vec(), archives, Begun::new())
}

/// Ana has the data of her account kept elsewhere.
async fn choose(table: &Table, place: &str) {
    let standing = table.standing(&address(ANA)).await.unwrap().unwrap();
    let patch = json!({"settings": {"data_residency": {"value": place}}}).to_string();
    let patch = SettingsPatch::parse(patch.as_bytes()).unwrap();
    let revision = standing.change_account(&patch, &offer(), at(CHANGED)).unwrap().unwrap();
    table.revise(&revision).await.unwrap();
}

struct World {
    local: LocalTable,
    table: Table,
    shelf: Shelf,
}

impl World {
    /// An account in the EEA that has chosen to have these kept there.
    async fn moving(requests: &[Request]) -> Self {
        let local = LocalTable::new();
        let table = local.table();
        let amber = Account { country: Country::parse("DE").unwrap(), ..account("amber") };
        table.upsert_account(&amber, at(CHANGED)).await.unwrap();
        table.upsert_member(&member("amber", ANA, Role::Owner), at(CHANGED)).await.unwrap();
        let world = Self { local, table, shelf: Shelf::default() };
        for request in requests {
            world.keep(request);
        }
        choose(&world.table, "eea").await;
        world
    }

    /// Writes the row of a request, whatever was there, and keeps its archive.
    fn keep(&self, request: &Request) {
        let mut row = typed(&json!(request))["M"].clone();
        row["pk"] = json!({"S": format!("REQ#{}", request.id)});
        row["sk"] = json!({"S": "REQUEST"});
        row["head"] = json!({"S": request.timeline.head()});
        self.local.run("PutItem", json!({"TableName": self.local.name(), "Item": row})).unwrap();
        let (_, archives, _) = in_order(std::slice::from_ref(request));
        self.shelf.stock().archives.extend(archives);
    }

    fn leave_in_hand(&self, left: &InHand) {
        let update = json!({
            "TableName": self.local.name(),
            "Key": {"pk": {"S": "ACCT#amber"}, "sk": {"S": "RELOCATION"}},
            "UpdateExpression": "SET in_hand = :left",
            "ExpressionAttributeValues": {":left": typed(&json!({left.copy.key.clone(): left}))},
        });
        self.local.run("UpdateItem", update).unwrap();
    }

    fn mover(&self, shelves: Shelf) -> Relocate<Shelf> {
        Relocate { table: self.table.clone(), shelves, clock }
    }

    async fn relocate(&self, entry: u64) -> Outcome {
        self.mover(self.shelf.clone()).relocate(&input(entry), soon()).await.unwrap()
    }

    async fn relocate_at(&self, clock: fn() -> DateTime<Utc>) -> Outcome {
        let relocate = Relocate { clock, ..self.mover(self.shelf.clone()) };
        relocate.relocate(&input(1), soon()).await.unwrap()
    }

    /// As the state machine does it: again and again, whatever happens.
    async fn relocate_to_the_end(&self) {
        let relocate = self.mover(self.shelf.clone());
        for _ in 0..RUNS_MAX {
            step();
            if let Ok(Outcome { done: true, .. }) = relocate.relocate(&input(1), soon()).await {
                return;
            }
        }
        panic!("the move does not end");
    }

    async fn relocation(&self) -> Relocation {
        self.table.relocation(&account("amber").id).await.unwrap().unwrap()
    }

    async fn everything(&self) -> Everything {
        let mut requests = Vec::new();
        for row in self.local.rows().iter().filter(|row| row["sk"]["S"] == "REQUEST") {
            let id = RequestId::parse(row["id"]["S"].as_str().unwrap()).unwrap();
            let request = self.table.request(id).await.unwrap().unwrap();
            assert_eq!(request.timeline.verify(id), Ok(()));
            requests.push(request);
        }
        requests.sort_by_key(|request| request.id);
        let stock = self.shelf.stock();
        (requests, stock.archives.clone(), stock.begun.clone())
    }

    fn rows(&self) -> BTreeSet<String> {
        self.local.rows().iter().map(|row| json!(row).to_string()).collect()
    }
}

fn block_on<F: Future>(run: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run)
}

#[tokio::test]
async fn all_archives_of_the_account_are_moved_and_no_others() {
    let own = [1, 2, 3].map(|number| completed("amber", number));
    let other = completed("birch", 4);
    let world = World::moving(&own).await;
    world.keep(&other);
    assert_eq!(world.relocate(1).await, DONE);
    let mut expected = own.map(|request| moved(&request, 1, Residency::Eea)).to_vec();
    let is_noted = |request: &Request| request.timeline.last().unwrap().event == EventKind::ArchiveMoved;
    assert!(expected.iter().all(is_noted));
    expected.push(other);
    assert_eq!(world.everything().await, in_order(&expected));
    let relocation = world.relocation().await;
    assert_eq!((relocation.moved, relocation.left, relocation.running), (3, Some(0), 0));
    assert_eq!((relocation.ended_at, relocation.in_hand), (Some(at(LATER)), BTreeMap::new()));
    assert_eq!(world.table.relocations(at("2027-01-01T00:00:00Z")).await.unwrap().rows, []);
}

#[tokio::test]
async fn a_move_that_has_ended_is_not_made_again() {
    let world = World::moving(&[completed("amber", 1)]).await;
    assert_eq!(world.relocate(1).await, DONE);
    let (rows, everything) = (world.rows(), world.everything().await);
    world.local.forget_calls();
    assert_eq!(world.relocate(1).await, DONE);
    assert_eq!(world.local.calls(), ["GetItem"]);
    assert_eq!((world.rows(), world.everything().await), (rows, everything));
}

#[tokio::test]
async fn what_is_there_or_gone_or_was_never_completed_is_left_alone() {
    let requests = [
        completed_with(1, |archive| archive.residency = Residency::Eea),
        completed_with(2, |archive| archive.expires_at = at(LATER)),
        completed_with(3, |archive| archive.removed_at = Some(at(CHANGED))),
        Request { status: Status::Failed, ..completed("amber", 4) },
        Request { status: Status::Canceled, ..completed("amber", 5) },
        filed("amber", 6),
        Request { status: Status::Processing, residency: Some(Residency::Eea), ..filed("amber", 7) },
    ];
    let world = World::moving(&requests).await;
    assert_eq!(world.relocate(1).await, DONE);
    assert_eq!(world.everything().await, in_order(&requests));
    let relocation = world.relocation().await;
    assert_eq!((relocation.moved, relocation.left, relocation.running), (0, Some(0), 0));
}

#[tokio::test]
async fn a_request_that_runs_at_the_old_place_is_waited_for_and_then_moved() {
    for residency in [None, Some(Residency::Us)] {
        let running = Request { status: Status::Processing, residency, ..filed("amber", 1) };
        let world = World::moving(&[running]).await;
        let outcome = world.relocate(1).await;
        assert!(!outcome.done && (10..=900).contains(&outcome.wait_seconds), "{outcome:?}");
        let relocation = world.relocation().await;
        assert_eq!((relocation.running, relocation.left, relocation.ended_at), (1, Some(0), None));

        let ended = Request { residency, ..completed("amber", 1) };
        world.keep(&ended);
        assert_eq!(world.relocate(1).await, DONE);
        assert_eq!(world.everything().await, in_order(&[moved(&ended, 1, Residency::Eea)]));
        let relocation = world.relocation().await;
        assert_eq!((relocation.moved, relocation.running), (1, 0));
    }
}

#[tokio::test]
async fn a_move_does_not_end_before_lists_show_everything() {
    let world = World::moving(&[completed("amber", 1)]).await;
    let clocks: [fn() -> DateTime<Utc>; 2] = [|| at(CHANGED), || at("2026-01-05T12:00:29Z")];
    for clock in clocks {
        assert_eq!(world.relocate_at(clock).await, Outcome { done: false, wait_seconds: 10 });
        let relocation = world.relocation().await;
        assert_eq!((relocation.moved, relocation.left, relocation.ended_at), (1, Some(0), None));
    }
    let everything = world.everything().await;
    assert_eq!(everything, in_order(&everything.0));
    assert!(everything.1.keys().all(|(place, _)| *place == Residency::Eea));

    assert_eq!(world.relocate_at(|| at("2026-01-05T12:00:30Z")).await, DONE);
    assert_eq!(world.relocation().await.ended_at, Some(at("2026-01-05T12:00:30Z")));
    assert_eq!(world.everything().await, everything);
}

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

/// Moves archives while things go wrong, and says in how many steps. In the end
/// everything is as if nothing had.
async fn moved_despite(troubles: BTreeMap<usize, Trouble>) -> usize {
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
