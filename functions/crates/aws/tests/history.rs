//! The history in the table is the one of the twin in memory, page by page,
//! and a page costs the same however much there is.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use habeas_aws::Table;
use habeas_domain::{
    Cursor, Digest, EmailAddress, Filing, Filter, Kind, Request, RequestId, Requestor, Requests, Slots,
    Status,
};
use habeas_local_table::LocalTable;
use habeas_testkit::{Memory, account, address, at, request};
use proptest::prelude::*;

const PEOPLE: [&str; 3] = ["ana@amber.example", "bob@amber.example", "cleo@amber.example"];
const STATUSES: [Status; 3] = [Status::Pending, Status::Completed, Status::Failed];

fn moment(hour: u32) -> DateTime<Utc> {
    at("2026-01-05T00:00:00Z") + TimeDelta::hours(i64::from(hour))
}

/// A request filed in hour `hour`; the same hour makes the same id.
fn filed(hour: u32, by: usize, about: usize, status: usize, kind: bool) -> Request {
    let millis = u128::try_from(moment(hour).timestamp_millis()).unwrap();
    let id = (millis << 80) | (0x7 << 76) | (0x8 << 60) | 1;
    let id: RequestId = RequestId::parse(&hyphenated(id)).unwrap();
    let requestor = Requestor { email: address(PEOPLE[by]), ..request().requestor };
    let filed = Request {
        id,
        account: account(if hour % 5 == 4 { "birch" } else { "amber" }).id,
        kind: if kind { Kind::Export } else { Kind::Delete },
        subjects: vec![address(PEOPLE[about])],
        requestor,
        created_at: moment(hour),
        ..request()
    }
    .as_filed();
    Request { status: STATUSES[status], ..filed }
}

fn hyphenated(id: u128) -> String {
    let hex = format!("{id:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

async fn store(table: &Table, request: &Request) {
    let twin = Digest::of(&request.id.to_string());
    let slots = Slots { answer: None, twin, preview: None };
    let filing = Filing {
        request: request.clone(),
        slots,
        fingerprint: Digest::default(),
        seen_twins: vec![],
        open_twins: vec![],
    };
    table.file(&filing).await.unwrap();
}

async fn pages(of: &impl Requests, filter: &Filter, limit: u32) -> Vec<RequestId> {
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = of.list(&account("amber").id, filter, after, limit).await.unwrap();
        assert!(page.requests.len() <= limit as usize);
        seen.extend(page.requests.iter().map(|request| request.id));
        let Some(next) = page.next else { return seen };
        assert_ne!(after, Some(next), "a page goes on");
        after = Some(next);
    }
    panic!("the list has no end");
}

fn some_filter() -> impl Strategy<Value = Filter> {
    let person = || prop::option::of(0_usize..3);
    let day = || prop::option::of(4_u32..9);
    (person(), person(), prop::option::of(0_usize..3), prop::option::of(any::<bool>()), day(), day())
        .prop_map(|(subject, requestor, status, kind, from, to)| Filter {
            statuses: status.map(|index| STATUSES[index]).into_iter().collect(),
            kind: kind.map(|kind| if kind { Kind::Export } else { Kind::Delete }),
            subject: subject.map(|index| address(PEOPLE[index])),
            requestor: requestor.map(|index| address(PEOPLE[index])),
            from: from.and_then(|day| NaiveDate::from_ymd_opt(2026, 1, day)),
            // A range that ends before it starts never comes this far.
            to: to
                .map(|day| day.max(from.unwrap_or(day)))
                .and_then(|day| NaiveDate::from_ymd_opt(2026, 1, day)),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_filter_and_every_page_size_find_what_the_twin_finds(
        requests in prop::collection::btree_map(0_u32..96, (0_usize..3, 0_usize..3, 0_usize..3, any::<bool>()), 0..40),
        filters in prop::collection::vec((some_filter(), 1_u32..12), 6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (table, mut memory) = (LocalTable::new().table(), Memory::default());
            for (hour, (by, about, status, kind)) in requests {
                let request = filed(hour, by, about, status, kind);
                store(&table, &request).await;
                memory = memory.with_request(request);
            }
            for (filter, limit) in filters {
                let found = pages(&table, &filter, limit).await;
                assert_eq!(found, pages(&memory, &filter, limit).await, "{filter:?} by {limit}");
            }
        });
    }
}

#[tokio::test]
async fn a_cursor_outside_of_the_days_of_a_filter_is_no_fault() {
    let table = LocalTable::new().table();
    for hour in [0, 1, 30, 31] {
        store(&table, &filed(hour, 0, 1, 0, true)).await;
    }
    let day = |day| NaiveDate::from_ymd_opt(2026, 1, day);
    let ids = [0, 1, 30, 31].map(|hour| filed(hour, 0, 1, 0, true).id);
    for (filter, after, found) in [
        (Filter { to: day(5), ..Filter::default() }, ids[3], vec![ids[1], ids[0]]),
        (Filter { from: day(6), ..Filter::default() }, ids[0], vec![]),
        (Filter { from: day(6), ..Filter::default() }, ids[3], vec![ids[2]]),
    ] {
        let page = table.list(&account("amber").id, &filter, Some(Cursor(after)), 10).await.unwrap();
        assert_eq!(page.requests.iter().map(|request| request.id).collect::<Vec<_>>(), found);
    }
}

#[tokio::test]
async fn pages_stay_as_they_are_while_requests_are_added() {
    let table = LocalTable::new().table();
    for hour in (0..40).filter(|hour| hour % 5 != 4) {
        store(&table, &filed(hour, 0, 1, 0, true)).await;
    }
    let all = pages(&table, &Filter::default(), 100).await;
    let first = table.list(&account("amber").id, &Filter::default(), None, 10).await.unwrap();
    for hour in 50..53 {
        store(&table, &filed(hour, 0, 1, 0, true)).await;
    }
    let mut seen: Vec<_> = first.requests.iter().map(|request| request.id).collect();
    let mut after = first.next;
    while let Some(Cursor(next)) = after {
        let page =
            table.list(&account("amber").id, &Filter::default(), Some(Cursor(next)), 10).await.unwrap();
        seen.extend(page.requests.iter().map(|request| request.id));
        after = page.next;
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_page_costs_the_same_among_many_requests_as_among_few() {
    let local = LocalTable::new();
    let table = local.table();
    let mut costs = Vec::new();
    let mut hour = 0;
    for many in [100, 1_500] {
        while hour < many {
            store(&table, &filed(hour, 0, 1, 1, true)).await;
            hour += 1;
        }
        let mut cost = Vec::new();
        for filter in [
            Filter::default(),
            Filter { subject: Some(EmailAddress::parse(PEOPLE[1]).unwrap()), ..Filter::default() },
            Filter { requestor: Some(EmailAddress::parse(PEOPLE[0]).unwrap()), ..Filter::default() },
        ] {
            let before = local.consumed();
            let page = table.list(&account("amber").id, &filter, None, 20).await.unwrap();
            assert_eq!(page.requests.len(), 20);
            cost.push(local.consumed() - before);
        }
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1], "capacity units by filter, among 100 and among 1,500");
    assert!(costs[0].iter().all(|units| (0.5..25.0).contains(units)), "{costs:?}");

    // What is not there at all is looked for within bounds too.
    let nothing = Filter { statuses: vec![Status::Canceled], ..Filter::default() };
    let before = local.calls().len();
    let page = table.list(&account("amber").id, &nothing, None, 20).await.unwrap();
    assert!(page.requests.is_empty() && page.next.is_some());
    assert_eq!(local.calls().len() - before, 10, "ten queries of a hundred rows each");
}
