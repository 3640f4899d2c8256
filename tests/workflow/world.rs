//! A product with data of three people, and Habeas beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use habeas_aws::{Aws, Buckets, WorkKeys};
use habeas_domain::{
    DataType, Digest, Hold, HoldId, HoldOn, HoldOrder, Kind, Request, RequestId, Requests, Role, Timeline,
};
use habeas_local_aws::LocalAws;
use habeas_sources::{DataMap, Pseudonyms, Stores};
use habeas_testkit::{address, at, at_once, filing, member, request};
use habeas_work::Ground;
use serde_json::{Value, json};

use crate::machine::{Machine, Pace};

const MAP: &str = include_str!("data-map.toml");
pub(crate) const FILES: &str = "files";
pub(crate) const WORK: &str = "work";
pub(crate) const ARCHIVES: &str = "archives";

const BOB: &str = "bob@amber.example";
const CAT: &str = "cat@amber.example";
const EVE: &str = "eve@amber.example";

/// Each table, its key, and the field of its index.
pub(crate) const TABLES: [(&str, &[&str], Option<&str>); 5] = [
    ("users", &["email"], None),
    ("meetings", &["meeting_id"], Some("host_email")),
    ("participants", &["meeting_id", "email"], Some("email")),
    ("notes", &["note_id"], Some("author_email")),
    ("boards", &["board_id"], Some("owner_email")),
];

/// More than a part of S3's, and no smaller when it is compressed (xorshift64).
static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    noise.take((6 << 20) / size_of::<u64>()).flatten().collect()
});

pub(crate) struct World {
    pub(crate) aws: LocalAws,
    pub(crate) clients: Aws,
    pub(crate) ground: Ground,
    pub(crate) archives: Buckets,
    /// What the operator's function keeps.
    pub(crate) answers: Arc<Mutex<Vec<Value>>>,
}

impl World {
    /// An earlier export of Bob's is there, and one of Cat's notes is on hold.
    pub(crate) fn new() -> Self {
        let aws = LocalAws::new();
        for (table, key, index) in TABLES {
            aws.table().create(definition(table, key, index));
        }
        let clients = aws.aws();
        let ground = Ground {
            table: aws.table_of(&clients),
            work: aws.bucket(WORK),
            map: DataMap::parse(MAP, "123456789012", "us-east-1").unwrap(),
            map_digest: Digest::of(MAP),
            stores: Stores::new(&clients),
        };
        let archives = aws.bucket(ARCHIVES);
        let world = Self { aws, clients, ground, archives, answers: Arc::default() };
        world.fill();
        world.aws.create_function("surveys", surveys(Arc::clone(&world.answers)));
        let earlier = world.file_numbered(1, Kind::Export, &[BOB]);
        Machine::new(&world, &earlier, Pace::Steady).run();
        world.hold();
        world
    }

    fn fill(&self) {
        for (name, id) in [(BOB, "u-bob"), (CAT, "u-cat"), (EVE, "u-eve")] {
            self.row("users", json!({"email": name, "user_id": id}));
        }
        for (meeting, host, guests) in
            [("m1", BOB, &[BOB, EVE][..]), ("m2", BOB, &[BOB, CAT]), ("m3", EVE, &[CAT, EVE])]
        {
            self.row("meetings", json!({"meeting_id": meeting, "host_email": host, "topic": "Plans"}));
            for guest in guests {
                let guest = json!({"meeting_id": meeting, "email": guest, "device": "a telephone"});
                self.row("participants", guest);
            }
        }
        for (note, author) in [("n1", BOB), ("n2", CAT), ("n3", EVE), ("n4", CAT)] {
            self.row("notes", json!({"note_id": note, "author_email": author, "text": "Milk", "size": 4}));
        }
        for (board, owner) in [("b1", CAT), ("b2", CAT), ("b3", EVE)] {
            let file = format!("boards/{board}.svg");
            self.row("boards", json!({"board_id": board, "owner_email": owner, "s3_key": file}));
        }
        self.aws.create_versioned(FILES);
        // Of the second board there is no file.
        for (key, content) in [
            ("boards/b1.svg", "<svg>old</svg>"),
            ("boards/b1.svg", "<svg>new</svg>"),
            ("boards/b3.svg", "<svg>of Eve</svg>"),
            ("backgrounds/amber/u-bob/beach.png", "a beach"),
            ("backgrounds/amber/u-bob/beach.png", "another beach"),
            ("backgrounds/amber/u-eve/wood.png", "a wood"),
        ] {
            self.aws.put(FILES, key, content.as_bytes());
        }
        let answers = [("a1", "u-bob"), ("a2", "u-eve"), ("a3", "u-cat")];
        let answers = answers.map(
            |(answer, user)| json!({"answer_id": answer, "account_id": "amber", "user_id": user, "score": 7}),
        );
        self.answers.lock().unwrap().extend(answers);
    }

    /// Of one account, of texts and numbers.
    fn row(&self, table: &str, row: Value) {
        let typed = |value: &Value| match value {
            Value::Number(number) => json!({"N": number.to_string()}),
            text => json!({"S": text}),
        };
        let mut item: Value = row.as_object().unwrap().iter().map(|(k, v)| (k.clone(), typed(v))).collect();
        item["account_id"] = json!({"S": "amber"});
        self.aws.table().run("PutItem", json!({"TableName": table, "Item": item})).unwrap();
    }

    fn hold(&self) {
        let on = HoldOn::Records { source: "notes".into(), field: "note_id".into(), value: "n4".into() };
        let order = HoldOrder { on, reason: "A dispute".into(), reference: "4 O 12/26".into() };
        let id = HoldId::parse("019b8d3a-0000-7000-8000-000000000009").unwrap();
        let admin = member("amber", "ana@amber.example", Role::Admin);
        let hold = Hold::place(order, id, &admin, at("2026-01-04T10:00:00Z"));
        let table = self.aws.table().table();
        let book = at_once(table.hold_book(&hold.account)).unwrap().unwrap();
        at_once(table.place_hold(&hold, &book)).unwrap().unwrap();
    }

    /// A request about Bob and Cat. An export has a file that is copied by S3, and
    /// not put in one piece with all the rest.
    pub(crate) fn file(&self, kind: Kind) -> Request {
        if kind == Kind::Export {
            self.aws.put(FILES, "backgrounds/amber/u-cat/noise.png", &NOISE);
        }
        self.file_numbered(2, kind, &[BOB, CAT])
    }

    fn file_numbered(&self, number: u32, kind: Kind, subjects: &[&str]) -> Request {
        let id = RequestId::parse(&format!("019b8d3a-0000-7000-8000-{number:012}")).unwrap();
        let filed = request();
        let timeline = Timeline::begin(id, filed.created_at, &filed.requestor.email);
        let subjects = subjects.iter().map(|subject| address(subject)).collect();
        let data_types = DataType::ALL.to_vec();
        let request = Request { id, kind, subjects, data_types, timeline, ..filed }.as_filed();
        at_once(self.aws.table().table().file(&filing(request.clone()))).unwrap().unwrap();
        // A plan makes a key of its own where there is none, and pseudonyms would differ.
        let key = WorkKeys::new(id).pseudonyms();
        self.aws.put(WORK, &key, &[7; Pseudonyms::KEY_BYTES]);
        request
    }
}

/// In the words of CreateTable.
fn definition(table: &str, key: &[&str], index: Option<&str>) -> Value {
    let fields: BTreeSet<&str> = key.iter().copied().chain(index).collect();
    let types = fields.into_iter().map(|field| json!({"AttributeName": field, "AttributeType": "S"}));
    let parts = key.iter().zip(["HASH", "RANGE"]);
    let schema = parts.map(|(field, part)| json!({"AttributeName": field, "KeyType": part}));
    let mut definition = json!({
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": types.collect::<Vec<_>>(),
        "KeySchema": schema.collect::<Vec<_>>(),
    });
    if let Some(field) = index {
        definition["GlobalSecondaryIndexes"] = json!([{
            "IndexName": format!("by-{field}"),
            "KeySchema": [{"AttributeName": field, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }]);
    }
    definition
}

/// A function of the operator's, as `docs/lambda-connector.md` wants it.
fn surveys(answers: Arc<Mutex<Vec<Value>>>) -> impl Fn(&Value) -> Value + Send + Sync {
    move |call| {
        let mut answers = answers.lock().unwrap();
        let is_of_account = |answer: &Value| answer["account_id"] == call["account"];
        if call["action"] == "find" {
            let found = answers.iter().filter(|answer| {
                is_of_account(answer) && answer["user_id"] == call["value"] && call.get("after").is_none()
            });
            return json!({"records": found.collect::<Vec<_>>(), "more": false});
        }
        let ids = call["value"].as_array().unwrap();
        let outcomes = call["keys"].as_array().unwrap().iter().map(|key| {
            let before = answers.len();
            answers.retain(|answer| {
                let is_it = answer["answer_id"] == key["answer_id"] && is_of_account(answer);
                !(is_it && ids.contains(&answer["user_id"]))
            });
            if answers.len() < before { "erased" } else { "left" }
        });
        json!({"outcomes": outcomes.collect::<Vec<_>>()})
    }
}

/// All rows of a table, by their keys.
pub(crate) fn rows(aws: &LocalAws, table: &str, key: &[&str]) -> BTreeMap<String, Value> {
    let rows = aws.table().rows_of(table).into_iter();
    rows.map(|row| {
        let id: Vec<_> = key.iter().map(|field| row[*field]["S"].as_str().unwrap().to_owned()).collect();
        (format!("{table} {}", id.join(" ")), json!(row))
    })
    .collect()
}
