//! What there is when a request has ended, for a comparison.

use std::collections::BTreeMap;

use chrono::DateTime;
use habeas_domain::{EventKind, Kind, Request, Requests};
use habeas_local_aws::Object;
use habeas_testkit::at_once;
use serde_json::{Value, json};

use crate::world::{ARCHIVES, FILES, TABLES, WORK, World, rows};

/// A second letter may follow where nobody knows whether the first was taken.
const MAILS_MAX: usize = 3;

pub(crate) struct Ended {
    /// Everything of the product's, byte for byte.
    rows: BTreeMap<String, Value>,
    files: Vec<Object>,
    answers: Vec<Value>,
    archives: Vec<Object>,
    /// Habeas's own rows, without what must differ when something was done again.
    own: BTreeMap<String, Value>,
    timeline: Vec<EventKind>,
}

impl Ended {
    pub(crate) fn of(world: &World, request: &Request) -> Self {
        let table = world.aws.table();
        let found = at_once(table.table().get(&request.account, request.id)).unwrap().unwrap().unwrap();
        found.timeline.verify(request.id).unwrap();
        assert_eq!(world.aws.objects(WORK), [], "no work object is left behind");
        assert_eq!(world.aws.open_uploads(WORK), []);
        assert_eq!(world.aws.open_uploads(ARCHIVES), []);
        let mails = world.aws.mails().len() - 2;
        assert!((2..=MAILS_MAX).contains(&mails), "{mails} mails");
        let of_product = TABLES.iter().flat_map(|(table, key, _)| rows(&world.aws, table, key));
        let own = rows(&world.aws, table.name(), &["pk", "sk"]).into_iter();
        Self {
            rows: of_product.collect(),
            files: world.aws.objects(FILES),
            answers: world.answers.lock().unwrap().clone(),
            archives: world.aws.objects(ARCHIVES),
            own: own.map(|(key, row)| (key, comparable(row))).collect(),
            timeline: found.timeline.events().iter().map(|event| event.event).collect(),
        }
    }

    /// What the other comparisons rest on.
    pub(crate) fn assert_complete(&self, kind: Kind) {
        assert_eq!(self.timeline, [EventKind::Filed, EventKind::Started, EventKind::Completed]);
        let receipts: Vec<_> = self.own.values().filter_map(|row| row.get("receipt")).collect();
        match kind {
            Kind::Export => assert_eq!((self.archives.len(), receipts.len()), (2, 0)),
            Kind::Delete => {
                assert_eq!((self.archives.len(), receipts.len()), (0, 1), "the earlier one has ended");
                assert_eq!(self.rows.len(), 12, "{:?}", self.rows.keys());
                assert_eq!(self.answers.len(), 1);
                assert_eq!(self.files.len(), 2, "{:?}", self.files);
            }
        }
    }

    /// Names what differs, and no more.
    pub(crate) fn assert_same(&self, other: &Self, when: &str) {
        for (mine, theirs) in [(&self.rows, &other.rows), (&self.own, &other.own)] {
            for key in mine.keys().chain(theirs.keys()) {
                let [mine, theirs] = [mine, theirs].map(|rows| rows.get(key).map(ToString::to_string));
                assert_eq!(mine, theirs, "{key}: {when}");
            }
        }
        assert_eq!((&self.files, &self.answers), (&other.files, &other.answers), "{when}");
        assert!(self.archives == other.archives, "the archives differ: {when}");
        assert_eq!(self.timeline, other.timeline, "{when}");
    }
}

/// A row without what is another time when something is done again, and without
/// the heads, versions and signatures that depend on it.
fn comparable(mut row: Value) -> Value {
    if let Some(receipt) = row["receipt"]["S"].as_str() {
        let mut receipt: Value = serde_json::from_str(receipt).unwrap();
        receipt["head"].take();
        row["receipt"] = receipt;
        row["signature"].take();
    }
    each_object(&mut row, &|object| {
        for name in ["timeline", "head", "version", "ttl", "message_id"] {
            object.remove(name);
        }
        let texts = object.values_mut().filter(|value| value.is_string());
        texts.filter(|text| text.as_str().is_some_and(is_time)).for_each(|text| *text = json!("a time"));
        // What a died step had erased or masked is the person's no more when its twin comes.
        let done = ["erased", "masked", "gone"].map(|name| object.remove(name)?.as_u64());
        if done.iter().any(Option::is_some) {
            object.insert("done".into(), json!(done.iter().flatten().sum::<u64>()));
        }
    });
    row
}

fn is_time(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
}

fn each_object(value: &mut Value, change: &impl Fn(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| each_object(value, change)),
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| each_object(value, change));
        }
        _ => {}
    }
}
