use futures::{StreamExt, TryStreamExt, stream};
use habeas_domain::{AccountId, EmailAddress, Participants, StoreError};

use crate::{DataMap, SourceError, Stores, Subject, Walk};

/// How many people are looked for at the same time.
const SEARCHES_MAX: usize = 10;

/// Finds people without a login in the sources of the data map: whoever has a
/// record of their own there is a participant.
#[derive(Debug, Clone)]
pub struct DataMapParticipants {
    pub map: DataMap,
    pub stores: Stores,
}

impl Participants for DataMapParticipants {
    async fn found(
        &self,
        account: &AccountId,
        people: &[EmailAddress],
    ) -> Result<Vec<EmailAddress>, StoreError> {
        let searches = stream::iter(people.to_vec()).map(|email| self.search(account, email));
        let found: Vec<_> = searches.buffer_unordered(SEARCHES_MAX).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl DataMapParticipants {
    async fn search(
        &self,
        account: &AccountId,
        email: EmailAddress,
    ) -> Result<Option<EmailAddress>, StoreError> {
        let subject = Subject::new(email, account.clone(), None);
        for source in self.map.sources() {
            let walk = Walk::new(&self.stores, &self.map, source, &subject);
            if walk.is_known().await.map_err(store_error)? {
                return Ok(Some(subject.email));
            }
        }
        Ok(None)
    }
}

fn store_error(error: SourceError) -> StoreError {
    match error {
        SourceError::Unavailable { cause, .. } => cause,
        other => StoreError::Corrupt(other.into()),
    }
}
