use serde_json::json;

use super::*;
use crate::Mask;

fn at() -> FunctionAddress {
    FunctionAddress { function: "surveys".into(), key: vec!["month".into(), "id".into()] }
}

fn key(month: &str, id: &str) -> Key {
    let text = |text: &str| TypedKey::S(text.to_owned());
    Key::from([("month".to_owned(), text(month)), ("id".to_owned(), text(id))])
}

fn read(page: &str, after: Option<&Key>) -> Result<Records, String> {
    let page = serde_json::from_str(page).map_err(|_| "form".to_owned())?;
    records(&at(), page, ("who", "u-1"), after).map_err(|error| match error {
        StoreError::Corrupt(what) => what.to_string(),
        other => other.to_string(),
    })
}

#[test]
fn a_rule_is_told_in_the_words_of_the_contract() {
    let told = |fate: Fate<'_>| Rule::of(fate).map(|rule| serde_json::to_value(rule).unwrap());
    let mask = |fields: &[(&str, Masking)]| Mask {
        fields: fields.iter().map(|(field, how)| ((*field).to_owned(), how.clone())).collect(),
    };
    assert_eq!(told(Fate::Delete).unwrap(), json!({"rule": "delete"}));
    let gone = Masking::Constant("gone".to_owned());
    let all = mask(&[("who", Masking::Remove), ("comment", gone.clone()), ("score", Masking::Null)]);
    assert_eq!(
        told(Fate::Mask(&all)).unwrap(),
        json!({"rule": "mask", "remove": ["who"], "set": {"comment": "gone", "score": null}})
    );
    let remove = mask(&[("who", Masking::Remove)]);
    assert_eq!(told(Fate::Mask(&remove)).unwrap(), json!({"rule": "mask", "remove": ["who"]}));
    let set = mask(&[("who", gone)]);
    assert_eq!(told(Fate::Mask(&set)).unwrap(), json!({"rule": "mask", "set": {"who": "gone"}}));
    for how in [Masking::Pseudonym, Masking::Truncate(3)] {
        assert!(told(Fate::Mask(&mask(&[("who", how)]))).is_err());
    }
}

#[test]
fn a_page_in_order_is_taken_with_every_digit_of_its_numbers() {
    let page = read(
        r#"{"records": [{"month": "03", "id": "b", "who": "u-1", "score": 0.10000000000000000001},
                            {"month": "04", "id": "a", "who": "u-1", "tags": ["x", null, {"y": 1E2}]}],
                "more": true}"#,
        Some(&key("03", "a")),
    )
    .unwrap();
    assert_eq!(page.items[0]["score"], AttributeValue::N("0.10000000000000000001".into()));
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.last, Some(key("04", "a")));
}

#[test]
fn the_last_page_goes_nowhere_and_may_be_empty() {
    assert_eq!(read(r#"{"records": [], "more": false}"#, None).unwrap().last, None);
    let one = r#"{"records": [{"month": "03", "id": "b", "who": "u-1"}], "more": false}"#;
    assert_eq!(read(one, None).unwrap().last, None);
}

#[test]
fn a_page_that_is_not_what_was_asked_for_is_refused() {
    let record = |month, id, who| format!(r#"{{"month": "{month}", "id": "{id}", "who": "{who}"}}"#);
    let page =
        |records: &[String], more| format!(r#"{{"records": [{}], "more": {more}}}"#, records.join(","));
    let a = record("03", "a", "u-1");
    let b = record("03", "b", "u-1");
    let (behind, none) = (key("03", "a"), None);
    for (page, after, why) in [
        (page(&[b.clone(), a.clone()], false), none, "ascending"),
        (page(&[a.clone(), a.clone()], false), none, "come twice"),
        (page(std::slice::from_ref(&a), true), Some(&behind), "ascending"),
        (page(&[record("02", "z", "u-1")], false), Some(&behind), "ascending"),
        (page(&[record("03", "a", "u-2")], false), none, "not the person's"),
        (page(&[r#"{"month": "03", "who": "u-1"}"#.to_owned()], false), none, "has not the key"),
        (page(&[r#"{"month": "03", "id": 7, "who": "u-1"}"#.to_owned()], false), none, "has not the key"),
        (page(&["7".to_owned()], false), none, "no object"),
        (page(&[], true), none, "says that there are more"),
        (r#"{"records": [], "more": false, "next": 1}"#.to_owned(), none, "form"),
    ] {
        let refused = read(&page, after).map(|_| ()).unwrap_err();
        assert!(refused.contains(why), "{page}: {refused}");
    }
}
