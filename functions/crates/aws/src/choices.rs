use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use habeas_domain::{AccountId, AccountSettings, Choices, EmailAddress, Person, StoreError};

use crate::Table;
use crate::directory::member_of;
use crate::keys::{Item, account_key, account_settings_key, member_key, member_settings_key};
use crate::table::{parsed, take};

/// What two rows each of can be read at once.
const THINGS_IN_BATCH: usize = 50;

/// How many batches are read at a time.
const BATCHES_AT_A_TIME: usize = 8;

impl Choices for Table {
    async fn of_accounts(
        &self,
        accounts: &BTreeSet<&AccountId>,
    ) -> Result<BTreeMap<AccountId, AccountSettings>, StoreError> {
        let pairs = self.pairs(accounts, account_key, account_settings_key).await?;
        let known = pairs.into_iter().filter_map(|(account, profile, settings)| {
            profile.map(|_| {
                let settings = settings.map(parsed).transpose()?;
                Ok((account.clone(), settings.unwrap_or_default()))
            })
        });
        known.collect()
    }

    async fn of_people(
        &self,
        people: &BTreeSet<&EmailAddress>,
    ) -> Result<BTreeMap<EmailAddress, Person>, StoreError> {
        let pairs = self.pairs(people, member_key, member_settings_key).await?;
        let known =
            pairs.into_iter().filter(|(_, profile, settings)| profile.is_some() || settings.is_some());
        let known = known.map(|(email, profile, settings)| {
            let member = profile.map(member_of).transpose()?.flatten();
            let settings = settings.map(parsed).transpose()?.unwrap_or_default();
            Ok((email.clone(), Person { account: member.map(|member| member.account), settings }))
        });
        known.collect()
    }
}

impl Table {
    /// The two rows of each of many things, where they are there.
    async fn pairs<'t, T: Ord>(
        &self,
        things: &BTreeSet<&'t T>,
        profile: impl Fn(&T) -> Item,
        settings: impl Fn(&T) -> Item,
    ) -> Result<Vec<(&'t T, Option<Item>, Option<Item>)>, StoreError> {
        let things: Vec<&'t T> = things.iter().copied().collect();
        let batches: Vec<_> = things
            .chunks(THINGS_IN_BATCH)
            .map(|batch| {
                let keys: Vec<_> = batch.iter().map(|thing| [profile(thing), settings(thing)]).collect();
                let read = self.read_all(keys.iter().flatten().cloned().collect());
                let batch = batch.to_vec();
                async move {
                    let mut rows = read.await?;
                    let pairs = batch.into_iter().zip(keys).map(|(thing, [profile, settings])| {
                        (thing, take(&mut rows, &profile), take(&mut rows, &settings))
                    });
                    Ok::<_, StoreError>(pairs.collect::<Vec<_>>())
                }
            })
            .collect();
        let read = stream::iter(batches).buffer_unordered(BATCHES_AT_A_TIME);
        let pairs: Vec<Vec<_>> = read.try_collect().await?;
        Ok(pairs.into_iter().flatten().collect())
    }
}
