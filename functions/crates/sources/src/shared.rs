use crate::connector::{By, How, Lookup, PAGE_RECORDS};
use crate::patience::ask;
use crate::walk::{is_of, is_text};
use crate::{Address, DataMap, Erase, Item, Key, Source, SourceError, Stores, Subject};

/// More than a request has people: of most records the first look decides.
const FIRST_LOOK_RECORDS: i32 = 64;

/// Nobody else among a million records is no case that anybody meant.
const LOOK_PAGES_MAX: usize = 1_000;

/// Whether somebody has a part in a record who is none of the people of the
/// request: then it stays when it is erased, without these. Asked when the
/// inventory is made, and not when it is erased: the people of a request would
/// otherwise be counted or not, depending on who comes first.
///
/// A record of the other source that names nobody may be anybody's, and so counts.
/// Where the rule for erasing is another one, nothing is read.
pub async fn is_shared(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    item: &Item,
    people: &[Subject],
) -> Result<bool, SourceError> {
    if !matches!(source.erase, Erase::AnonymiseShared { .. }) {
        return Ok(false);
    }
    let Some(with) = map.shared_with(source) else {
        return Err(SourceError::garbage(&source.name, "the source that it is shared with is gone"));
    };
    let (Address::DynamoDb(address), Some((_, lead)), Some((field, id)), Some(person)) =
        (&with.address, with.lead(), with.own_field(), people.first())
    else {
        return Err(SourceError::garbage(&with.name, "it does not say who has a part in what leads there"));
    };
    // What leads nowhere is shared with nobody.
    let Some(value) = item.get(lead) else { return Ok(false) };
    let account = &person.account;
    let ids: Vec<&str> = people.iter().flat_map(|person| person.ids(id)).collect();
    let by = By::Field { field: &address.key[0], value: value.clone(), how: How::Key };
    let mut lookup = Lookup { source: &with.name, account, range: None, by, limit: FIRST_LOOK_RECORDS };
    let mut after = None;
    for _ in 0..LOOK_PAGES_MAX {
        let page = ask(with, || stores.page(with, &lookup, after.as_ref())).await?;
        for item in &page.items {
            let is_theirs = || ids.iter().any(|id| is_text(item, field, id));
            if is_of(account, with, item)? && !is_theirs() {
                return Ok(true);
            }
        }
        let Some(last) = page.last else { return Ok(false) };
        (after, lookup.limit) = (Some(last), PAGE_RECORDS);
    }
    Err(SourceError::garbage(&with.name, "too many records of the same people under one record"))
}

/// The same of a record that was listed long ago: others may have come to have a
/// part in it while a legal hold was on it. One that is gone is shared with nobody.
pub async fn is_shared_by_now(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    key: &Key,
    people: &[Subject],
) -> Result<bool, SourceError> {
    let (Erase::AnonymiseShared { .. }, Address::DynamoDb(address)) = (&source.erase, &source.address) else {
        return Ok(false);
    };
    match ask(source, || stores.dynamodb.item(address, key)).await? {
        Some(item) => is_shared(stores, map, source, &item, people).await,
        None => Ok(false),
    }
}
