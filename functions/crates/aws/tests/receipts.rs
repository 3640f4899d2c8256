//! A receipt is stored once, and stays as long as the record of its request.

use chrono::TimeDelta;
use habeas_domain::{Receipts, SignedReceipt};
use habeas_local_table::{Fault, LocalTable, RECORD_DAYS};
use habeas_testkit::{at, request, signed_receipt};

const NOW: &str = "2026-01-05T10:00:00Z";

/// The same receipt signed another time, for which ECDSA takes another number.
fn signed_again() -> SignedReceipt {
    SignedReceipt { signature: "YW5vdGhlcg==".to_owned(), ..signed_receipt() }
}

#[tokio::test]
async fn a_receipt_comes_back_as_it_was_signed() {
    let table = LocalTable::new().table();
    assert_eq!(table.receipt(request().id).await.unwrap(), None);
    let stored = table.put_receipt(&request(), &signed_receipt(), at(NOW)).await.unwrap();
    assert_eq!(stored, signed_receipt());
    assert_eq!(table.receipt(request().id).await.unwrap(), Some(signed_receipt()));
}

#[tokio::test]
async fn the_first_signature_stays() {
    let table = LocalTable::new().table();
    table.put_receipt(&request(), &signed_receipt(), at(NOW)).await.unwrap();
    let stored = table.put_receipt(&request(), &signed_again(), at("2026-01-05T10:15:00Z")).await.unwrap();
    assert_eq!(stored, signed_receipt());
    assert_eq!(table.receipt(request().id).await.unwrap(), Some(signed_receipt()));
}

#[tokio::test]
async fn a_lost_answer_changes_nothing() {
    for fault in [Fault::BeforeIt, Fault::AfterIt] {
        let local = LocalTable::new();
        local.fail_next(fault);
        let stored = local.table().put_receipt(&request(), &signed_receipt(), at(NOW)).await.unwrap();
        assert_eq!((stored, local.rows().len()), (signed_receipt(), 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_receipt_goes_with_the_record_of_its_request_and_is_in_no_list() {
    let local = LocalTable::new();
    local.table().put_receipt(&request(), &signed_receipt(), at(NOW)).await.unwrap();
    let rows = local.rows();
    let end = (at(NOW) + TimeDelta::days(RECORD_DAYS)).timestamp();
    assert_eq!(rows[0]["ttl"]["N"], end.to_string());
    let mut attributes: Vec<_> = rows[0].keys().map(String::as_str).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["key", "pk", "receipt", "signature", "sk", "ttl"]);
}
