//! An account that has its data kept elsewhere, a table and a shelf.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use habeas_aws::{Table, typed};
use habeas_domain::{
    Account, Country, InHand, Relocation, Request, RequestId, Role, Settings, SettingsPatch,
};
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, member, offer};
use relocate::{Input, Outcome, Relocate};
use serde_json::json;

use crate::requests::{Everything, in_order};
use crate::shelf::Shelf;
use crate::troubles::step;

/// When Ana changes where the data are kept.
pub(crate) const CHANGED: &str = "2026-01-05T12:00:00Z";
/// When they are moved.
pub(crate) const LATER: &str = "2026-01-06T10:00:00Z";
const ANA: &str = "ana@amber.example";
pub(crate) const DONE: Outcome = Outcome { done: true, wait_seconds: 0 };

/// How often the state machine tries.
const RUNS_MAX: usize = 30;

pub(crate) struct World {
    pub(crate) local: LocalTable,
    pub(crate) table: Table,
    pub(crate) shelf: Shelf,
}

impl World {
    /// An account in the EEA that has chosen to have these kept there.
    pub(crate) async fn moving(requests: &[Request]) -> Self {
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
    pub(crate) fn keep(&self, request: &Request) {
        let mut row = typed(&json!(request))["M"].clone();
        row["pk"] = json!({"S": format!("REQ#{}", request.id)});
        row["sk"] = json!({"S": "REQUEST"});
        row["head"] = json!({"S": request.timeline.head()});
        self.local.run("PutItem", json!({"TableName": self.local.name(), "Item": row})).unwrap();
        let (_, archives, _) = in_order(std::slice::from_ref(request));
        self.shelf.stock().archives.extend(archives);
    }

    pub(crate) fn leave_in_hand(&self, left: &InHand) {
        let update = json!({
            "TableName": self.local.name(),
            "Key": {"pk": {"S": "ACCT#amber"}, "sk": {"S": "RELOCATION"}},
            "UpdateExpression": "SET in_hand = :left",
            "ExpressionAttributeValues": {":left": typed(&json!({left.copy.key.clone(): left}))},
        });
        self.local.run("UpdateItem", update).unwrap();
    }

    pub(crate) fn mover(&self, shelves: Shelf) -> Relocate<Shelf> {
        Relocate { table: self.table.clone(), shelves, clock }
    }

    pub(crate) async fn relocate(&self, entry: u64) -> Outcome {
        self.mover(self.shelf.clone()).relocate(&input(entry), soon()).await.unwrap()
    }

    pub(crate) async fn relocate_at(&self, clock: fn() -> DateTime<Utc>) -> Outcome {
        let relocate = Relocate { clock, ..self.mover(self.shelf.clone()) };
        relocate.relocate(&input(1), soon()).await.unwrap()
    }

    /// As the state machine does it: again and again, whatever happens.
    pub(crate) async fn relocate_to_the_end(&self) {
        let relocate = self.mover(self.shelf.clone());
        for _ in 0..RUNS_MAX {
            step();
            if let Ok(Outcome { done: true, .. }) = relocate.relocate(&input(1), soon()).await {
                return;
            }
        }
        panic!("the move does not end");
    }

    pub(crate) async fn relocation(&self) -> Relocation {
        self.table.relocation(&account("amber").id).await.unwrap().unwrap()
    }

    pub(crate) async fn everything(&self) -> Everything {
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

    pub(crate) fn rows(&self) -> BTreeSet<String> {
        self.local.rows().iter().map(|row| json!(row).to_string()).collect()
    }
}

/// Ana has the data of her account kept elsewhere.
pub(crate) async fn choose(table: &Table, place: &str) {
    let standing = table.standing(&address(ANA)).await.unwrap().unwrap();
    let patch = json!({"settings": {"data_residency": {"value": place}}}).to_string();
    let patch = SettingsPatch::parse(patch.as_bytes()).unwrap();
    let revision = standing.change_account(&patch, &offer(), at(CHANGED)).unwrap().unwrap();
    table.revise(&revision).await.unwrap();
}

fn clock() -> DateTime<Utc> {
    step();
    at(LATER)
}

pub(crate) fn input(entry: u64) -> Input {
    Input { account: account("amber").id, entry }
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub(crate) fn block_on<F: Future>(run: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run)
}
