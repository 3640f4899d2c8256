use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use crate::connector::{Condition, Doomed, Erasure, Fate};
use crate::patience::ask;
use crate::s3::object_key;
use crate::{
    Address, DataMap, Erase, Erased, Find, HeldValues, Key, OnHold, Pace, Pseudonyms, Source, SourceError,
    Stores, Subject, Target,
};

/// How many calls a task makes at a time: quick for a person with thousands of
/// messages, gentle to the operator's tables.
const AT_A_TIME: usize = 16;

/// What erasing needs to know besides what is erased.
#[derive(Debug, Clone, Copy)]
pub struct Erasing<'a> {
    pub stores: &'a Stores,
    pub map: &'a DataMap,
    pub subject: &'a Subject,
    /// Those of the request, where a mask puts any in a field's place.
    pub pseudonyms: Option<&'a Pseudonyms>,
    /// Legal holds on records, whosever they are.
    pub on_hold: &'a [OnHold<'a>],
}

/// Erases targets of one source by its rule, and says what became of each. Safe
/// to repeat: what was erased before, or belongs to somebody else by now, is
/// left alone.
///
/// Files go before the records that lead to them. Without these they could not
/// be found again, should something fail in between.
pub async fn erase(
    with: &Erasing<'_>,
    source: &Source,
    targets: &[&Target],
) -> Result<Vec<Erased>, SourceError> {
    if matches!(source.erase, Erase::Retain { .. }) {
        return Ok(vec![Erased::Retained; targets.len()]);
    }
    let mut outcomes = vec![Erased::Left; targets.len()];
    let own = Owner::of(source, with.subject);
    let held = with.held_values(source);
    let at_a_time = source.pace.calls_at_a_time();
    let checks: Vec<_> = targets.iter().map(|target| may_go(with, source, &own, target)).collect();
    let mut checks = stream::iter(checks).buffered(at_a_time);
    let (mut places, mut keys, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    for (place, target) in targets.iter().enumerate() {
        let may_go = checks.next().await.transpose()?.unwrap_or(May::Stay(Erased::Left));
        if let May::Stay(why) = may_go {
            outcomes[place] = why;
            continue;
        }
        let Some(fate) = target.fate(&source.erase) else { continue };
        places.push(place);
        match target {
            Target::Record { key, files, .. } => {
                keys.push(key.clone());
                let terms_of = own.conditions().into_iter().chain(attached(files));
                terms.push((fate, terms_of.chain(held.conditions()).collect::<Vec<_>>()));
            }
            Target::File { key, .. } => {
                keys.push(object_key(key));
                terms.push((fate, Vec::new()));
            }
        }
    }
    let doomed = keys.iter().zip(terms).map(|(key, (fate, holds))| Doomed { key, fate, holds });
    let doomed: Vec<_> = doomed.collect();
    let calls: Vec<_> = doomed
        .chunks(with.stores.erased_at_once(source))
        .map(|doomed| erase_some(with, source, &own, doomed))
        .collect();
    let erased: Vec<Vec<bool>> = stream::iter(calls).buffered(at_a_time).try_collect().await?;
    let erased = erased.into_iter().flatten();
    for ((place, doomed), is_erased) in places.into_iter().zip(&doomed).zip(erased) {
        outcomes[place] = match doomed.fate {
            Fate::Delete if is_erased => Erased::Deleted,
            Fate::Mask(_) if is_erased => Erased::Masked,
            _ if held.keep(with.stores, source, doomed.key, &own.conditions()).await? => Erased::Held,
            _ => Erased::Left,
        };
    }
    Ok(outcomes)
}

/// Whether a target may go, or what becomes of it instead.
#[derive(Debug, Clone, Copy)]
enum May {
    Go,
    Stay(Erased),
}

impl<'a> Erasing<'a> {
    fn held_values(&self, source: &Source) -> HeldValues<'a> {
        HeldValues::of(self.map, source, self.on_hold)
    }
}

/// Whether a target can still be the person's, as far as is seen without
/// touching it. Records say that in the very write. A file stays where the record
/// that leads to it does.
async fn may_go(
    with: &Erasing<'_>,
    source: &Source,
    own: &Owner<'_>,
    target: &Target,
) -> Result<May, SourceError> {
    let is_theirs = match target {
        Target::Record { .. } => !own.ids.is_empty(),
        Target::File { key, lead } => {
            let Erasing { stores, map, subject, .. } = with;
            let parent = source.parent().and_then(|name| map.source(name));
            if let (Some(parent), Some(lead)) = (parent, lead) {
                let owner = Owner::of(parent, subject);
                if with.held_values(parent).keep(stores, parent, lead, &owner.conditions()).await? {
                    return Ok(May::Stay(Erased::Held));
                }
            }
            is_theirs(stores, map, source, subject, key, lead.as_ref()).await? == Some(true)
        }
    };
    Ok(if is_theirs { May::Go } else { May::Stay(Erased::Left) })
}

/// As many as one call takes.
async fn erase_some(
    with: &Erasing<'_>,
    source: &Source,
    own: &Owner<'_>,
    doomed: &[Doomed<'_>],
) -> Result<Vec<bool>, SourceError> {
    let erasure = Erasure {
        source: &source.name,
        account: &with.subject.account,
        field: own.field.unwrap_or_default(),
        ids: &own.ids,
        pseudonyms: with.pseudonyms,
        doomed,
    };
    ask(source, || with.stores.erase(source, &erasure)).await
}

/// Whether a file of the inventory is still there and the subject's. With its
/// record gone, nobody else can have it.
pub async fn is_left(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    subject: &Subject,
    target: &Target,
) -> Result<bool, SourceError> {
    let (Address::S3(address), Target::File { key, lead }) = (&source.address, target) else {
        return Ok(false);
    };
    if matches!(source.erase, Erase::Retain { .. }) || !ask(source, || stores.s3.holds(address, key)).await? {
        return Ok(false);
    }
    Ok(is_theirs(stores, map, source, subject, key, lead.as_ref()).await? != Some(false))
}

/// Whether a file is the subject's, by the record that leads to it or else by its
/// own key; nothing where that record is gone.
async fn is_theirs(
    stores: &Stores,
    map: &DataMap,
    source: &Source,
    subject: &Subject,
    key: &str,
    lead: Option<&Key>,
) -> Result<Option<bool>, SourceError> {
    let Some(lead) = lead else { return Ok(Some(is_under_prefix(source, subject, key))) };
    let through = source.parent().and_then(|name| map.source(name));
    let Some((parent, Address::DynamoDb(address))) = through.map(|parent| (parent, &parent.address)) else {
        return Err(SourceError::garbage(&source.name, "the source to go through is gone"));
    };
    let owner = Owner::of(parent, subject);
    let conditions = owner.conditions();
    ask(parent, || stores.dynamodb.holds(address, lead, &conditions)).await
}

/// Whether an object lies where the map says that the person's do.
fn is_under_prefix(source: &Source, subject: &Subject, key: &str) -> bool {
    source.find.iter().any(|find| match find {
        Find::Prefix { prefix } => {
            let prefixes = subject.ids(prefix.id()).into_iter();
            prefixes.filter_map(|id| prefix.of(&subject.account, id)).any(|prefix| key.starts_with(&prefix))
        }
        Find::Subject { .. } | Find::Through { .. } => false,
    })
}

/// What a record says while it is the subject's.
struct Owner<'a> {
    field: Option<&'a str>,
    ids: Vec<&'a str>,
    account: Option<(&'a str, &'a str)>,
}

impl<'a> Owner<'a> {
    fn of(source: &'a Source, subject: &'a Subject) -> Self {
        let own = source.own_field();
        let account = source.account_field.as_deref().map(|field| (field, subject.account.as_str()));
        Self {
            field: own.map(|(field, _)| field),
            ids: own.map(|(_, id)| subject.ids(id)).unwrap_or_default(),
            account,
        }
    }

    fn conditions(&self) -> Vec<Condition<'_>> {
        let by = self.field.map(|field| Condition::OneOf(field, &self.ids));
        let of = self.account.map(|(field, account)| Condition::Is(field, account));
        by.into_iter().chain(of).collect()
    }
}

fn attached(files: &BTreeMap<String, Option<String>>) -> impl Iterator<Item = Condition<'_>> {
    files.iter().map(|(field, value)| match value {
        Some(value) => Condition::Is(field, value),
        None => Condition::Absent(field),
    })
}

impl Pace {
    /// How many calls a task makes side by side. A source with a limit has as many
    /// units at work as it allows calls.
    #[must_use]
    pub fn calls_at_a_time(self) -> usize {
        self.at_a_time.map_or(AT_A_TIME, |_| 1)
    }
}
