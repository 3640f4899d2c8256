//! Ends what DynamoDB's time to live has removed the note of: the file of an
//! archive, and the list of whom a record was about.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use chrono::{DateTime, Utc};
use habeas_aws::ArchiveNote;
use habeas_domain::{AccountId, EmailAddress, RequestId, StoreError};
use habeas_lambda::{Metric, TaskError, chain, emit, names};
use habeas_work::Expiry;
use serde::Deserialize;

/// What expiring takes.
#[derive(Debug)]
pub struct Expire {
    pub expiry: Expiry,
}

/// A row that is gone, by what it was.
#[derive(Debug, PartialEq)]
enum Gone {
    Archive(ArchiveNote),
    Record(Record),
    /// Anything else that the stream tells of.
    Other,
}

/// Of a request's record only what its end needs: one of two years ago may have
/// had other fields.
#[derive(Debug, PartialEq, Deserialize)]
struct Record {
    id: RequestId,
    account: AccountId,
    subjects: Vec<EmailAddress>,
}

impl Expire {
    /// Handles the records of one batch in order. What cannot be done is told to
    /// Lambda, which sends the batch again from there.
    pub async fn handle(&self, event: Event, now: DateTime<Utc>) -> DynamoDbEventResponse {
        let mut response = DynamoDbEventResponse::default();
        for record in event.records {
            let number = record.change.sequence_number.clone();
            let gone = match read(record) {
                Ok(gone) => gone,
                Err(error) => {
                    // It will not become readable: what comes behind it must not wait for it.
                    tracing::error!(error = chain(&error), number, "record of the stream not readable");
                    emit(now, &[(Metric::EventsUnreadable, 1)]);
                    continue;
                }
            };
            if let Err(fault) = self.end(gone, now).await {
                tracing::error!(error = chain(&fault), "not ended; the stream sends it again");
                let mut failure = DynamoDbBatchItemFailure::default();
                failure.item_identifier = number;
                response.batch_item_failures.push(failure);
                break;
            }
        }
        response
    }

    async fn end(&self, gone: Gone, now: DateTime<Utc>) -> Result<(), StoreError> {
        match gone {
            // A note that somebody removed before its time ends nothing.
            Gone::Archive(note) if now < note.expires_at => Ok(()),
            Gone::Archive(note) => {
                if self.expiry.expire(note.request, now).await? {
                    emit(now, &[(Metric::ArchivesExpired, 1)]);
                }
                Ok(())
            }
            Gone::Record(record) => {
                self.expiry.table.forget_subjects(&record.account, record.id, &record.subjects).await
            }
            Gone::Other => Ok(()),
        }
    }
}

fn read(record: EventRecord) -> Result<Gone, TaskError> {
    #[derive(Deserialize)]
    struct Key {
        pk: String,
        sk: String,
    }
    let bad =
        |error| TaskError::new(names::BAD_EVENT, "The stream's record is not understood.").because(error);
    let key: Key = serde_dynamo::from_item(record.change.keys).map_err(bad)?;
    if record.event_name != "REMOVE" || !key.pk.starts_with("REQ#") {
        return Ok(Gone::Other);
    }
    let image = record.change.old_image;
    match key.sk.as_str() {
        "ARCHIVE" => Ok(Gone::Archive(serde_dynamo::from_item(image).map_err(bad)?)),
        "REQUEST" => Ok(Gone::Record(serde_dynamo::from_item(image).map_err(bad)?)),
        _ => Ok(Gone::Other),
    }
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{at, events, request};

    use super::*;

    fn read_all(text: &str) -> Result<Vec<Gone>, String> {
        let event: Event = serde_json::from_str(text).map_err(|error| error.to_string())?;
        event.records.into_iter().map(|record| read(record).map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("expire") {
            let read = read_all(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn the_note_of_an_archive_says_which_and_until_when() {
        let gone = read_all(include_str!("../../../events/expire/archive-removed.json")).unwrap();
        let note = ArchiveNote {
            account: request().account,
            request: request().id,
            expires_at: at("2026-04-05T10:05:00Z"),
        };
        assert_eq!(gone, [Gone::Archive(note)]);
    }

    #[test]
    fn a_record_that_ended_says_whom_it_was_about() {
        let gone = read_all(include_str!("../../../events/expire/record-removed.json")).unwrap();
        assert!(matches!(&gone[..], [Gone::Record(gone)] if gone.subjects == request().subjects));
    }

    #[test]
    fn what_is_not_ours_to_end_is_let_be() {
        let gone = read_all(include_str!("../../../events/expire/other-rows.json")).unwrap();
        assert_eq!(gone, [Gone::Other, Gone::Other, Gone::Other]);
    }
}
