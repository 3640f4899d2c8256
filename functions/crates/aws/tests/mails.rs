//! A mail is sent by one, however many try.

use habeas_aws::MailClaim::{Ours, Sent, Theirs};
use habeas_local_table::LocalTable;
use habeas_testkit::{at, request};

const NOW: &str = "2026-01-05T10:00:00Z";

#[tokio::test]
async fn whoever_claims_a_mail_first_sends_it() {
    let table = LocalTable::new().table();
    let id = request().id;
    assert_eq!(table.claim_mail(id, "received", at(NOW)).await.unwrap(), Ours);
    assert_eq!(table.claim_mail(id, "received", at(NOW)).await.unwrap(), Theirs);
    assert_eq!(table.claim_mail(id, "completed", at(NOW)).await.unwrap(), Ours, "another mail");
    table.mark_mail(id, "received", "0102", at(NOW)).await.unwrap();
    assert_eq!(table.claim_mail(id, "received", at("2026-02-05T10:00:00Z")).await.unwrap(), Sent);
}

#[tokio::test]
async fn the_claim_of_one_who_died_is_taken_over() {
    let table = LocalTable::new().table();
    let id = request().id;
    table.claim_mail(id, "received", at(NOW)).await.unwrap();
    assert_eq!(table.claim_mail(id, "received", at("2026-01-05T10:00:19Z")).await.unwrap(), Theirs);
    assert_eq!(table.claim_mail(id, "received", at("2026-01-05T10:00:20Z")).await.unwrap(), Ours);
}

#[tokio::test]
async fn a_mail_that_was_refused_is_free_to_be_tried_again() {
    let table = LocalTable::new().table();
    let id = request().id;
    table.claim_mail(id, "received", at(NOW)).await.unwrap();
    table.release_mail(id, "received").await.unwrap();
    assert_eq!(table.claim_mail(id, "received", at(NOW)).await.unwrap(), Ours);
}
