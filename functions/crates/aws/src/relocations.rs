use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use chrono::{DateTime, Utc};
use habeas_domain::{AccountId, InHand, Place, Relocation, Request, StoreError};

use crate::error::{corrupt, unavailable};
use crate::keys::{Item, RELOCATIONS, relocation_key, request_key, text};
use crate::requests::{outcome, unless_conflict};
use crate::settings::number;
use crate::table::moment;
use crate::{Table, Waiting};

/// That a move goes on, and no later one has taken its place.
const STILL_THE_LAST: &str = "entry = :entry AND attribute_not_exists(ended_at)";

impl Table {
    /// The last move of an account's archives.
    pub async fn relocation(&self, account: &AccountId) -> Result<Option<Relocation>, StoreError> {
        self.read(relocation_key(account)).await
    }

    /// Moves that have not ended, and that were to be looked at before `until`.
    pub async fn relocations(&self, until: DateTime<Utc>) -> Result<Waiting<Relocation>, StoreError> {
        self.queue(RELOCATIONS, until).await
    }

    /// Stores how far a move is, but for the number of archives that were moved
    /// and for what is in hand. `Conflict` where it has ended, where a later one
    /// has taken its place, or where it is to end and something is in hand.
    pub async fn note_relocation(&self, relocation: &Relocation) -> Result<(), StoreError> {
        let mut values: Item = HashMap::from([
            (":running".to_owned(), number(relocation.running)),
            (":failing".to_owned(), number(relocation.failing.into())),
            (":left".to_owned(), serde_dynamo::to_attribute_value(relocation.left).map_err(corrupt)?),
        ]);
        let mut condition = STILL_THE_LAST.to_owned();
        let mut update = "SET running = :running, failing = :failing, #left = :left".to_owned();
        if let Some(at) = relocation.ended_at {
            values.insert(":at".to_owned(), text(moment(at)));
            values.insert(":none".to_owned(), number(0));
            condition.push_str(" AND size(in_hand) = :none");
            update.push_str(", ended_at = :at REMOVE queue, queue_at");
        }
        let written = values
            .into_iter()
            .fold(self.of_relocation(relocation), |update, (name, value)| {
                update.expression_attribute_values(name, value)
            })
            .condition_expression(condition)
            .update_expression(update)
            .expression_attribute_names("#left", "left")
            .send()
            .await;
        outcome(written)
    }

    /// Stores that an archive is in hand. `Conflict` where the move has ended or
    /// a later one has taken its place.
    pub async fn take_in_hand(&self, relocation: &Relocation, in_hand: &InHand) -> Result<(), StoreError> {
        let written = self
            .of_relocation(relocation)
            .condition_expression(STILL_THE_LAST)
            .update_expression("SET in_hand.#key = :in_hand")
            .expression_attribute_names("#key", &in_hand.copy.key)
            .expression_attribute_values(
                ":in_hand",
                serde_dynamo::to_attribute_value(in_hand).map_err(corrupt)?,
            )
            .send()
            .await;
        outcome(written)
    }

    /// An archive is no longer in hand, whichever move is the last by now.
    pub async fn let_go(&self, account: &AccountId, in_hand: &InHand) -> Result<(), StoreError> {
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(relocation_key(account)))
            .condition_expression("attribute_exists(in_hand.#key)")
            .update_expression("REMOVE in_hand.#key")
            .expression_attribute_names("#key", &in_hand.copy.key)
            .send()
            .await;
        unless_conflict(written)
    }

    fn of_relocation(&self, relocation: &Relocation) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(relocation_key(&relocation.account)))
            .expression_attribute_values(":entry", number(relocation.entry))
    }

    /// The sweep looks at a move again at `at`; how often it broke off is its own to say.
    /// `Conflict` where a later move has taken its place, or it has ended.
    pub async fn look_at_relocation(
        &self,
        relocation: &Relocation,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let written = self
            .of_relocation(relocation)
            .condition_expression("entry = :entry AND queue = :relocations")
            .update_expression("SET queue_at = :at, broken_off = :times")
            .expression_attribute_values(":relocations", text(RELOCATIONS))
            .expression_attribute_values(":at", text(moment(at)))
            .expression_attribute_values(":times", number(relocation.broken_off.into()))
            .send()
            .await;
        outcome(written)
    }

    /// A move that begins, in the place of any before it. What that one had in
    /// hand stays there, for this one to clean up.
    pub(crate) fn relocation_begun(&self, relocation: &Relocation) -> Result<Update, StoreError> {
        let values: Item = HashMap::from([
            (":account".to_owned(), text(relocation.account.as_str())),
            (":to".to_owned(), text(relocation.to.as_str())),
            (":entry".to_owned(), number(relocation.entry)),
            (":at".to_owned(), text(moment(relocation.started_at))),
            (":none".to_owned(), number(0)),
            (":nothing".to_owned(), AttributeValue::M(HashMap::new())),
            (":queue".to_owned(), text(RELOCATIONS)),
        ]);
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(relocation_key(&relocation.account)))
            .update_expression(
                "SET account = :account, #to = :to, entry = :entry, started_at = :at, queue = :queue, \
                 queue_at = :at, moved = :none, running = :none, failing = :none, broken_off = :none, \
                 in_hand = if_not_exists(in_hand, :nothing) REMOVE #left, ended_at",
            )
            .expression_attribute_names("#to", "to")
            .expression_attribute_names("#left", "left")
            .set_expression_attribute_values(Some(values))
            .build()
            .map_err(unavailable)
    }

    /// Stores that an archive is in another place, as `moved` says, and no longer
    /// where `before` was, and counts it. `Conflict` where it is gone or was moved
    /// meanwhile, where the timeline goes on from elsewhere, or where the move has
    /// ended or a later one has taken its place.
    pub async fn mark_moved(
        &self,
        moved: &Request,
        before: &Place,
        relocation: &Relocation,
    ) -> Result<(), StoreError> {
        let timeline = &moved.timeline;
        let event = serde_dynamo::to_attribute_value(timeline.last()).map_err(corrupt)?;
        let archive = serde_dynamo::to_attribute_value(&moved.archive).map_err(corrupt)?;
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(request_key(moved.id)))
            .condition_expression(
                "head = :seen AND #archive.#key = :before AND attribute_not_exists(#archive.removed_at)",
            )
            .update_expression(
                "SET head = :head, timeline = list_append(timeline, :event), #archive = :archive",
            )
            .expression_attribute_names("#archive", "archive")
            .expression_attribute_names("#key", "key")
            .expression_attribute_values(":seen", text(timeline.seen_head()))
            .expression_attribute_values(":head", text(timeline.head()))
            .expression_attribute_values(":event", AttributeValue::L(vec![event]))
            .expression_attribute_values(":archive", archive)
            .expression_attribute_values(":before", text(&before.key))
            .build()
            .map_err(unavailable)?;
        let count = Update::builder()
            .table_name(&self.name)
            .set_key(Some(relocation_key(&relocation.account)))
            .condition_expression(STILL_THE_LAST)
            .update_expression("ADD moved :one, #left :one_less")
            .expression_attribute_names("#left", "left")
            .expression_attribute_values(":entry", number(relocation.entry))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":one_less", AttributeValue::N("-1".to_owned()))
            .build()
            .map_err(unavailable)?;
        let writes = [update, count].map(|update| TransactWriteItem::builder().update(update).build());
        self.transact(writes.to_vec()).await
    }
}
