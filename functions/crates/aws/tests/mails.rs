//! A mail is sent by one, however many try.

use habeas_aws::MailClaim::{Ours, Sent, Theirs};
use habeas_aws::MailSlot;
use habeas_local_table::LocalTable;
use habeas_testkit::{at, request};

const NOW: &str = "2026-01-05T10:00:00Z";

fn slot(mail: &str) -> MailSlot {
    MailSlot::about_request(request().id, mail)
}

#[tokio::test]
async fn whoever_claims_a_mail_first_sends_it() {
    let table = LocalTable::new().table();
    assert_eq!(table.claim_mail(&slot("received"), at(NOW)).await.unwrap(), Ours);
    assert_eq!(table.claim_mail(&slot("received"), at(NOW)).await.unwrap(), Theirs);
    assert_eq!(table.claim_mail(&slot("completed"), at(NOW)).await.unwrap(), Ours, "another mail");
    table.mark_mail(&slot("received"), "0102", at(NOW)).await.unwrap();
    assert_eq!(table.claim_mail(&slot("received"), at("2026-02-05T10:00:00Z")).await.unwrap(), Sent);
}

#[tokio::test]
async fn the_claim_of_one_who_died_is_taken_over() {
    let table = LocalTable::new().table();
    table.claim_mail(&slot("received"), at(NOW)).await.unwrap();
    assert_eq!(table.claim_mail(&slot("received"), at("2026-01-05T10:00:19Z")).await.unwrap(), Theirs);
    assert_eq!(table.claim_mail(&slot("received"), at("2026-01-05T10:00:20Z")).await.unwrap(), Ours);
}

#[tokio::test]
async fn a_mail_that_was_refused_is_free_to_be_tried_again() {
    let table = LocalTable::new().table();
    table.claim_mail(&slot("received"), at(NOW)).await.unwrap();
    table.release_mail(&slot("received")).await.unwrap();
    assert_eq!(table.claim_mail(&slot("received"), at(NOW)).await.unwrap(), Ours);
}
