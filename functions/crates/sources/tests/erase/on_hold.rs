//! Records that stay because a legal hold is on them.

use habeas_sources::{Erased, Found, HeldValues, OnHold};
use serde_json::{Value, json};

use crate::erasing::Listed;
use crate::world::record::{Kind, Record, Records, anas, by_key};
use crate::world::{World, ana};
use crate::{erased_but, rows};

fn message(number: u8) -> Listed {
    Listed { record: Record { number, ..anas(Kind::Message) }, shared: false }
}

/// The row of a message that is about a case.
fn about(case: &Value, listed: &Listed) -> Value {
    let mut row = listed.record.row();
    row["case"] = case.clone();
    row
}

fn on_case(value: &str) -> OnHold<'_> {
    OnHold { source: "messages", field: "case", value }
}

#[tokio::test]
async fn a_value_that_is_no_number_of_dynamodb_is_held_as_a_text_and_the_rest_is_erased() {
    let long = "1234567890".repeat(4);
    for value in [long.as_str(), "9e200", "-1E126", "1e-200", "inf", "NaN"] {
        let (held, other) = (message(0), message(1));
        let world = World::with(&by_key(vec![other.record.clone()]));
        world.put_row(Kind::Message, &about(&json!({"S": value}), &held));
        let mut expected = rows(&world);
        expected.remove(&(Kind::Message, other.record.key())).unwrap();
        let outcomes = erased_but(&world, &[&held, &other], &[on_case(value)]).await;
        assert_eq!(outcomes, [Erased::Held, Erased::Deleted], "{value}");
        assert_eq!(rows(&world), expected, "{value}");
    }
}

#[tokio::test]
async fn a_write_and_whoever_looks_agree_on_what_is_on_hold() {
    let cases = [
        json!({"S": "7"}),
        json!({"S": "7.0"}),
        json!({"N": "7"}),
        json!({"N": "70e-1"}),
        json!({"N": "8"}),
        json!({"NS": ["7"]}),
        json!({"L": [{"S": "7"}]}),
        json!({"NULL": true}),
    ];
    let mut held = 0;
    for (case, value) in cases.iter().flat_map(|case| ["7", "7.0", "+7", "c-1"].map(|value| (case, value))) {
        let (listed, world) = (message(0), World::with(&Records::new()));
        world.put_row(Kind::Message, &about(case, &listed));
        let source = world.map.source("messages").unwrap();
        let is_held = match &world.found("messages", &ana(None)).await.unwrap()[..] {
            [Found::Record { item, .. }] => {
                HeldValues::of(&world.map, source, &[on_case(value)]).are_in(item)
            }
            other => panic!("{other:?}"),
        };
        let must = if is_held { Erased::Held } else { Erased::Deleted };
        assert_eq!(erased_but(&world, &[&listed], &[on_case(value)]).await, [must], "{case} {value}");
        held += usize::from(is_held);
    }
    // One text each, and a number that is written in three ways and twice over.
    assert_eq!(held, 2 + 2 * 3);
}
