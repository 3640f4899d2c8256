use std::collections::BTreeMap;
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

use crate::connector::{By, Connector, Doomed, Erasure, Fate, Lookup, Records, not_so};
use crate::item::{self, TypedKey};
use crate::{FunctionAddress, Item, Key, Masking};

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
    #[serde(flatten)]
    rule: Rule<'a>,
    keys: Vec<Texts<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "rule", rename_all = "lowercase")]
enum Rule<'a> {
    Delete,
    Mask {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        remove: Vec<&'a str>,
        /// Null, or a text.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        set: BTreeMap<&'a str, Option<&'a str>>,
    },
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
type Texts<'a> = BTreeMap<&'a str, &'a str>;

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
        // A call has one rule.
        let [Doomed { fate, .. }, rest @ ..] = erasure.doomed else { return Ok(Vec::new()) };
        if rest.iter().any(|doomed| doomed.fate != *fate) {
            return Err(not_so());
        }
        let keys = erasure.doomed.iter().map(|doomed| texts(doomed.key)).collect::<Result<_, _>>()?;
        let call = EraseCall {
            version: CONTRACT,
            action: "erase",
            source: erasure.source,
            account: erasure.account,
            field: erasure.field,
            value: erasure.ids,
            rule: Rule::of(*fate)?,
            keys,
        };
        let reply: EraseReply = self.call(at, &call).await?;
        if reply.outcomes.len() != erasure.doomed.len() {
            return Err(odd("there is not one outcome for each key"));
        }
        Ok(reply.outcomes.into_iter().map(|outcome| outcome == Outcome::Erased).collect())
    }
}

impl<'a> Rule<'a> {
    fn of(fate: Fate<'a>) -> Result<Self, StoreError> {
        match fate {
            Fate::Delete => Ok(Self::Delete),
            Fate::Mask(mask) => {
                let set = mask.replaced().map(|(field, how)| match how {
                    Masking::Null => Ok((field, None)),
                    Masking::Constant(text) => Ok((field, Some(text.as_str()))),
                    Masking::Remove | Masking::Pseudonym | Masking::Truncate(_) => Err(not_so()),
                });
                Ok(Self::Mask { remove: mask.removed().collect(), set: set.collect::<Result<_, _>>()? })
            }
        }
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
mod tests;
