use chrono::{DateTime, TimeDelta, Utc};
use habeas_aws::request_key;
use habeas_domain::{
    Archive, Digest, EmailAddress, Filing, Member, Order, Request, RequestId, Requests, Residency, Role,
    Slots, Stamp, Status, Waits, file_request,
};
use habeas_local_table::LocalTable;
use habeas_testkit::{account, at, member};
use serde_json::{Value, json};

/// A table with an account of fifty members and an admin, Ana.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) local: LocalTable,
}

pub(crate) const WAITS: Waits = Waits { export: TimeDelta::minutes(5), delete: TimeDelta::minutes(30) };

pub(crate) fn now() -> DateTime<Utc> {
    at("2026-01-05T10:00:00Z")
}

pub(crate) fn people() -> Vec<String> {
    (0..50).map(|number| format!("person{number:02}@amber.example")).collect()
}

/// An id of a request that was filed `seconds` after the epoch of the bench.
pub(crate) fn id(seconds: u32) -> RequestId {
    let millis = u128::try_from(now().timestamp_millis()).unwrap_or_default() + u128::from(seconds) * 1_000;
    let hex = format!("{:032x}", (millis << 80) | (7 << 76) | (8 << 60) | 1);
    let hyphenated = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    RequestId::parse(&hyphenated).expect("an id")
}

fn ana() -> Member {
    member("amber", "ana@amber.example", Role::Admin)
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let local = LocalTable::new();
        let table = local.table();
        assert!(table.upsert_account(&account("amber"), now()).await.expect("an account"));
        for person in people() {
            let person = member("amber", &person, Role::Member);
            assert!(table.upsert_member(&person, now()).await.expect("a member"));
        }
        assert!(table.upsert_member(&ana(), now()).await.expect("an admin"));
        Self { local }
    }

    /// Files a request about the people, in the past of the bench's calls.
    pub(crate) async fn filed(&self, seconds: u32, people: &[String]) -> Request {
        let body = json!({"kind": "export", "subjects": people}).to_string();
        let order = Order::parse(body.as_bytes()).expect("an order");
        let stamp = Stamp { id: id(seconds), at: now() };
        let filing = Filing {
            fingerprint: order.fingerprint(),
            slots: Slots { answer: None, twin: Digest::of(&seconds.to_string()), preview: None },
            request: file_request(order, None, &ana(), WAITS, stamp),
            seen_twins: vec![],
            open_twins: vec![],
        };
        self.local.table().file(&filing).await.expect("a filing");
        filing.request
    }

    /// The same, completed and with an archive.
    pub(crate) async fn completed(&self, seconds: u32) -> Request {
        let request = self.filed(seconds, &people()[..1]).await;
        let expires_at = now() + TimeDelta::days(90);
        let archive = Archive {
            key: "archives/1.zip".into(),
            residency: Residency::Us,
            bytes: 1,
            expires_at,
            removed_at: None,
            withdrawn_by: None,
        };
        let value = |value: &Value| serde_dynamo::to_attribute_value(value).expect("a value");
        let update = self.local.client().update_item().table_name(self.local.name());
        update
            .set_key(Some(request_key(request.id)))
            .update_expression("SET #status = :completed, #archive = :archive")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#archive", "archive")
            .expression_attribute_values(":completed", value(&json!(Status::Completed)))
            .expression_attribute_values(":archive", value(&json!(archive)))
            .send()
            .await
            .expect("an update");
        Request { status: Status::Completed, archive: Some(archive), ..request }
    }

    /// So many requests in the account's history, put there around the client.
    pub(crate) async fn with_history(&self, requests: u32) {
        self.filed(0, &people()[..1]).await;
        let rows = self.local.rows();
        let first = rows.iter().find(|row| row["sk"]["S"] == "REQUEST").expect("the first request");
        let about = rows.iter().find(|row| text(row, "pk").contains("#ABOUT#")).expect("its person");
        for seconds in 1..requests {
            let id = id(seconds);
            let mut row = first.clone();
            row.insert("pk".into(), json!({"S": format!("REQ#{id}")}));
            row.insert("id".into(), json!({ "S": id }));
            self.put(&json!(row));
            let mut row = about.clone();
            row.insert("sk".into(), json!({ "S": id }));
            self.put(&json!(row));
        }
    }

    fn put(&self, row: &Value) {
        self.local.run("PutItem", json!({"TableName": self.local.name(), "Item": row})).expect("a row");
    }

    pub(crate) fn person() -> EmailAddress {
        EmailAddress::parse(&people()[0]).expect("an address")
    }
}

fn text<'a>(row: &'a habeas_local_table::Item, name: &str) -> &'a str {
    row[name]["S"].as_str().unwrap_or_default()
}
