use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_domain::EmailAddress;

use crate::connector::{By, Connector, How, Lookup, PAGE_RECORDS};
use crate::map::EMAIL;
use crate::patience::ask_within;
use crate::{DataMap, Identity, LinkedId, Pace, SourceError, Stores, Subject};

/// One person has no more ids: what goes beyond is a map, or data, that links
/// everybody with everybody. DynamoDB compares with at most 100 values, too.
const IDS_MAX: usize = 50;
/// A record by its key is a matter of milliseconds, and `plan` waits for many.
const PACE: Pace = Pace { answer_within: Duration::from_secs(10), at_a_time: None };
/// One id is in no more pages of records.
const PAGES_MAX: usize = 20;

/// All ids that follow from a person's address, by the rules of the map, in the
/// order in which they were learnt. Rules may lead back to where they came from.
pub async fn identify(
    stores: &Stores,
    map: &DataMap,
    subject: &Subject,
) -> Result<Vec<LinkedId>, SourceError> {
    let first = (EMAIL.to_owned(), subject.email.as_str().to_owned());
    let (mut known, mut linked) = (BTreeSet::from([first.clone()]), Vec::new());
    let mut waiting = VecDeque::from([first]);
    while let Some((id, value)) = waiting.pop_front() {
        for rule in map.identities.iter().filter(|rule| rule.from == id) {
            let learnt = learn(stores, rule, subject, &value).await?;
            for learnt in learnt.into_iter().flat_map(|learnt| spellings(&rule.id, learnt)) {
                let next = (rule.id.clone(), learnt);
                if !known.insert(next.clone()) {
                    continue;
                }
                if known.len() > IDS_MAX {
                    let what = format!("one person has more than {IDS_MAX} ids");
                    return Err(SourceError::garbage(&rule.address.table, what));
                }
                linked.push(LinkedId {
                    id: next.0.clone(),
                    value: next.1.clone(),
                    from: id.clone(),
                    from_value: value.clone(),
                    table: rule.address.table.clone(),
                });
                waiting.push_back(next);
            }
        }
    }
    Ok(linked)
}

/// An id as it is stored; an address also as Habeas writes addresses.
fn spellings(id: &str, value: String) -> Vec<String> {
    let usual = EmailAddress::parse(&value).ok().filter(|_| id == EMAIL);
    let usual = usual.map(|address| address.as_str().to_owned()).filter(|usual| *usual != value);
    std::iter::once(value).chain(usual).collect()
}

/// The ids that one rule gives for another id. Records of other accounts say
/// nothing of this one's people.
async fn learn(
    stores: &Stores,
    rule: &Identity,
    subject: &Subject,
    value: &str,
) -> Result<BTreeSet<String>, SourceError> {
    let table = &rule.address.table;
    let how = rule.index.as_deref().map_or(How::Key, How::Index);
    let by = By::Field { field: &rule.find_field, value: AttributeValue::S(value.to_owned()), how };
    let lookup = Lookup { source: table, account: &subject.account, range: None, by, limit: PAGE_RECORDS };
    let (mut learnt, mut after) = (BTreeSet::new(), None);
    for _ in 0..PAGES_MAX {
        let page = ask_within(table, PACE, || stores.dynamodb.page(&rule.address, &lookup, after.as_ref()));
        let page = page.await?;
        for item in &page.items {
            let text = |field: &str| match item.get(field) {
                Some(AttributeValue::S(text)) => Ok(Some(text)),
                None => Ok(None),
                Some(_) => Err(SourceError::garbage(table, format!("`{field}` is no text"))),
            };
            let account = text(&rule.account_field)?;
            let account = account.ok_or_else(|| {
                let what = format!("`{}` is missing (an index must project all fields)", rule.account_field);
                SourceError::garbage(table, what)
            })?;
            if account == subject.account.as_str() {
                learnt.extend(text(&rule.id_field)?.filter(|id| !id.is_empty()).cloned());
            }
        }
        match page.last {
            Some(last) => after = Some(last),
            None => return Ok(learnt),
        }
    }
    Err(SourceError::garbage(table, "one id is in too many records"))
}
