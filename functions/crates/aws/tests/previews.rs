//! Previews in the table: found by their account and digest, with what else
//! stands in the way of a filing.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use habeas_domain::{
    EmailAddress, Filing, Order, Preview, Previewed, Previews, Request, Requests, Role, Slots, Tally,
};
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, member};

fn preview() -> Preview {
    let order = Order::parse_preview(br#"{"subjects": ["bob@amber.example"]}"#).unwrap();
    let counted: [(EmailAddress, Tally); 1] =
        [(address("bob@amber.example"), [("messages".to_owned(), 12), ("files".to_owned(), 0)].into())];
    Preview::of(&account("amber").id, &order, &counted.into(), at("2026-01-05T10:00:00Z"))
}

/// The deletion that names it.
fn deletion() -> Order {
    let order = Order::parse_preview(br#"{"subjects": ["bob@amber.example"]}"#).unwrap();
    Order { preview: Some(preview().digest), ..order }
}

#[tokio::test]
async fn a_preview_comes_back_to_its_account_in_the_one_read_of_guards() {
    let local = LocalTable::new();
    let table = local.table();
    let (amber, birch) = (account("amber").id, account("birch").id);
    table.keep(&amber, &preview()).await.unwrap();
    let slots = Slots::of(&deletion(), &member("amber", "ana@amber.example", Role::Admin), None);
    local.forget_calls();
    assert_eq!(table.guards(&amber, &slots).await.unwrap().preview, Some(preview()));
    assert_eq!(local.calls(), ["BatchGetItem"]);
    assert_eq!(table.guards(&birch, &slots).await.unwrap().preview, None, "tenants do not meet");
    let unseen = Slots { preview: None, ..slots };
    assert_eq!(table.guards(&amber, &unseen).await.unwrap().preview, None);
}

#[tokio::test]
async fn a_preview_is_removed_when_no_deletion_can_name_it_any_more() {
    let local = LocalTable::new();
    let amber = account("amber").id;
    local.table().keep(&amber, &preview()).await.unwrap();
    // Whoever asks twice within a second has seen the same.
    local.table().keep(&amber, &preview()).await.unwrap();
    let [row] = &local.rows()[..] else { panic!("one row is written") };
    assert_eq!(row["pk"]["S"], "ACCT#amber#PREVIEW");
    assert_eq!(row["ttl"]["N"], preview().valid_until().timestamp().to_string());
}

#[tokio::test]
async fn a_request_keeps_what_its_requestor_has_seen() {
    let table = LocalTable::new().table();
    let preview = Some(Previewed::from(&preview()));
    let request = Request { preview, ..habeas_testkit::request() };
    let slots = Slots::of(&deletion(), &member("amber", "ana@amber.example", Role::Admin), None);
    let filing = Filing {
        request: request.clone(),
        slots,
        fingerprint: deletion().fingerprint(),
        seen_twins: vec![],
        open_twins: vec![],
    };
    table.file(&filing).await.unwrap();
    assert_eq!(table.request(request.id).await.unwrap(), Some(request));
}
