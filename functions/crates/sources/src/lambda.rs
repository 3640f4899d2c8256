use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use habeas_aws::{Aws, unavailable};
use habeas_domain::{AccountId, DateRange, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::connector::{By, Connector, Erasure, Lookup, Records, not_so};
use crate::item::{self, TypedKey};
use crate::{Erase, FunctionAddress, Item, Key};

/// The version of the contract in `docs/lambda-connector.md`.
const CONTRACT: u32 = 1;

/// Lambda answers with 6 MB at the most: so many records of some kilobytes each.
const RECORDS_MAX: i32 = 500;

/// A function runs for a quarter of an hour at the most; the source's own pace
/// ends the waiting before.
const ANSWER_WITHIN: Duration = Duration::from_secs(900);

/// The connector to functions of the operator's, which reach whatever they can.
#[derive(Debug, Clone)]
pub struct Lambda {
    aws: Aws,
    /// Made when a function is called for the first time: few maps have any.
    client: Arc<OnceLock<Client>>,
}

#[derive(Serialize)]
struct Find<'a> {
    version: u32,
    action: &'static str,
    source: &'a str,
    account: &'a AccountId,
    field: &'a str,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<&'a DateRange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Texts<'a>>,
    limit: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundPage {
    records: Vec<Box<RawValue>>,
    more: bool,
}

#[derive(Serialize)]
struct EraseCall<'a> {
    version: u32,
    action: &'static str,
    source: &'a str,
    account: &'a AccountId,
    field: &'a str,
    value: &'a [&'a str],
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remove: Option<&'a [String]>,
    keys: Vec<Texts<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraseReply {
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Erased,
    Left,
}

/// A key whose fields are texts.
type Texts<'a> = std::collections::BTreeMap<&'a str, &'a str>;

impl Connector for Lambda {
    type Address = FunctionAddress;

    const ERASED_AT_ONCE: usize = 100;

    async fn page(
        &self,
        at: &FunctionAddress,
        lookup: &Lookup<'_>,
        after: Option<&Key>,
    ) -> Result<Records, StoreError> {
        let By::Field { field, value: AttributeValue::S(value), .. } = &lookup.by else {
            return Err(not_so());
        };
        let call = Find {
            version: CONTRACT,
            action: "find",
            source: lookup.source,
            account: lookup.account,
            field,
            value,
            range: lookup.range,
            after: after.map(texts).transpose()?,
            limit: lookup.limit.min(RECORDS_MAX),
        };
        let page: FoundPage = self.call(at, &call).await?;
        if page.records.len() > usize::try_from(call.limit).unwrap_or_default() {
            return Err(odd("a page has more records than were asked for"));
        }
        records(at, page, (field, value), after)
    }

    async fn erase(&self, at: &FunctionAddress, erasure: &Erasure<'_>) -> Result<Vec<bool>, StoreError> {
        let (rule, remove) = match erasure.rule {
            Erase::Delete => ("delete", None),
            Erase::Mask { remove } => ("mask", Some(remove.as_slice())),
            Erase::Retain { .. } => return Err(not_so()),
        };
        let keys = erasure.doomed.iter().map(|doomed| texts(doomed.key)).collect::<Result<_, _>>()?;
        let call = EraseCall {
            version: CONTRACT,
            action: "erase",
            source: erasure.source,
            account: erasure.account,
            field: erasure.field,
            value: erasure.ids,
            rule,
            remove,
            keys,
        };
        let reply: EraseReply = self.call(at, &call).await?;
        if reply.outcomes.len() != erasure.doomed.len() {
            return Err(odd("there is not one outcome for each key"));
        }
        Ok(reply.outcomes.into_iter().map(|outcome| outcome == Outcome::Erased).collect())
    }
}

impl Lambda {
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone(), client: Arc::default() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let timeouts = TimeoutConfig::builder().read_timeout(ANSWER_WITHIN).build();
            let config = aws_sdk_lambda::config::Builder::from(self.aws.sdk_config());
            Client::from_conf(config.timeout_config(timeouts).build())
        })
    }

    /// Calls the function and waits. What an error of its own says may hold
    /// personal data, and goes nowhere.
    async fn call<T: DeserializeOwned>(
        &self,
        at: &FunctionAddress,
        call: &(impl Serialize + Sync),
    ) -> Result<T, StoreError> {
        let payload = serde_json::to_vec(call).map_err(|error| StoreError::Corrupt(error.into()))?;
        let reply = self
            .client()
            .invoke()
            .function_name(&at.function)
            .payload(Blob::new(payload))
            .send()
            .await
            .map_err(unavailable)?;
        if reply.function_error.is_some() {
            return Err(StoreError::Unavailable("the function ended with an error".into()));
        }
        let payload = reply.payload.map(Blob::into_inner).unwrap_or_default();
        serde_json::from_slice(&payload).map_err(|_| odd("the reply has not the form of the contract"))
    }
}

/// A page, once it is what was asked for: each record the person's, in order and
/// behind the cursor. So no page can repeat another, or go round in circles.
fn records(
    at: &FunctionAddress,
    page: FoundPage,
    (field, value): (&str, &str),
    after: Option<&Key>,
) -> Result<Records, StoreError> {
    let mut last = after.map(|key| in_order(at, key)).transpose()?;
    let mut items = Vec::with_capacity(page.records.len());
    for record in page.records {
        let item = item::from_json(&record).ok_or_else(|| odd("a record is no object"))?;
        if !crate::walk::is_text(&item, field, value) {
            return Err(odd("a record is not the person's who was asked for"));
        }
        let key = place(at, &item).ok_or_else(|| odd("a record has not the key that the map names"))?;
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err(odd("records are not in ascending order of their keys, or come twice"));
        }
        last = Some(key);
        items.push(item);
    }
    let last = last.filter(|_| page.more);
    if page.more && items.is_empty() {
        return Err(odd("a page without records says that there are more"));
    }
    let key = |values: Vec<String>| at.key.iter().cloned().zip(values.into_iter().map(TypedKey::S)).collect();
    Ok(Records { items, last: last.map(key) })
}

/// The values of a record's key, in the order of the map.
fn place(at: &FunctionAddress, item: &Item) -> Option<Vec<String>> {
    at.key.iter().map(|name| item.get(name)?.as_s().ok().cloned()).collect()
}

fn in_order(at: &FunctionAddress, key: &Key) -> Result<Vec<String>, StoreError> {
    let texts = texts(key)?;
    let values = at.key.iter().map(|name| texts.get(name.as_str()).map(|text| (*text).to_owned()));
    values.collect::<Option<_>>().ok_or_else(|| odd("a cursor's key cannot be read"))
}

fn texts(key: &Key) -> Result<Texts<'_>, StoreError> {
    let texts = key.iter().map(|(name, value)| match value {
        TypedKey::S(text) => Some((name.as_str(), text.as_str())),
        TypedKey::N(_) | TypedKey::B(_) => None,
    });
    texts.collect::<Option<_>>().ok_or_else(|| odd("a key is no text"))
}

fn odd(what: &'static str) -> StoreError {
    StoreError::Corrupt(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
