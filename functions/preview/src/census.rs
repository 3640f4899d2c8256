use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use habeas_domain::{AccountId, DataType, EmailAddress};
use habeas_sources::{Cursor, DataMap, Source, SourceError, Stores, Subject, Target, Walk, identify};
use serde::Serialize;
use tokio::sync::Semaphore;

/// How many walks there are at a time: each holds a page of up to 1,000 records.
const WALKS_MAX: usize = 16;

/// Somebody waits for the counts. What takes longer than this for a page is named,
/// and not only the whole called too large.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What a source holds that is a person's, and what a deletion would do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub data_type: DataType,
    pub rule: &'static str,
    /// Why it stays, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub count: u64,
}

/// By person and source, nothing left out: what holds nothing has a zero.
pub type Counts = BTreeMap<EmailAddress, BTreeMap<String, Counted>>;

/// Counts what deletions would list.
pub trait Census {
    /// Of each of the people, in every source of the data types.
    fn count(
        &self,
        account: &AccountId,
        people: &[EmailAddress],
        types: &[DataType],
    ) -> impl Future<Output = Result<Counts, SourceError>> + Send;
}

/// Counts in the sources of the data map, by walking through them as a deletion
/// does.
#[derive(Debug, Clone)]
pub struct DataMapCensus {
    pub map: DataMap,
    pub stores: Stores,
}

impl Census for DataMapCensus {
    async fn count(
        &self,
        account: &AccountId,
        people: &[EmailAddress],
        types: &[DataType],
    ) -> Result<Counts, SourceError> {
        let looks: Vec<_> = people.iter().map(|email| self.subject(account, email)).collect();
        let subjects: Vec<_> = stream::iter(looks).buffered(WALKS_MAX).try_collect().await?;
        // The gate of a source with a limit stands before everybody's.
        let gates: Vec<_> = self.map.of_types(types).map(|source| (source, gate(source))).collect();
        let everybody = Semaphore::new(WALKS_MAX);
        let pairs = gates.iter().flat_map(|gate| subjects.iter().map(move |subject| (gate, subject)));
        let walks: Vec<_> =
            pairs.map(|((source, gate), subject)| self.walk(source, subject, [gate, &everybody])).collect();
        let mut counts: Counts = people.iter().map(|email| (email.clone(), BTreeMap::new())).collect();
        for (email, source, counted) in try_join_all(walks).await? {
            counts.entry(email).or_default().insert(source, counted);
        }
        Ok(counts)
    }
}

impl DataMapCensus {
    async fn subject(&self, account: &AccountId, email: &EmailAddress) -> Result<Subject, SourceError> {
        let subject = Subject::new(email.clone(), account.clone(), None);
        let ids = identify(&self.stores, &self.map, &subject).await?;
        Ok(Subject { ids, ..subject })
    }

    /// One person's walk through one source, when its turn has come.
    async fn walk(
        &self,
        source: &Source,
        subject: &Subject,
        [gate, everybody]: [&Semaphore; 2],
    ) -> Result<(EmailAddress, String, Counted), SourceError> {
        // Neither is ever closed.
        let _of_source = gate.acquire().await;
        let _of_all = everybody.acquire().await;
        let counted = Counted {
            data_type: source.data_type,
            rule: source.erase.name(),
            reason: source.erase.reason().map(ToOwned::to_owned),
            count: self.targets(source, subject).await?,
        };
        Ok((subject.email.clone(), source.name.clone(), counted))
    }

    async fn targets(&self, source: &Source, subject: &Subject) -> Result<u64, SourceError> {
        let walk = Walk::new(&self.stores, &self.map, source, subject);
        let walk = walk.with_old_versions().answering_within(ANSWER_WITHIN);
        let (mut count, mut last, mut next) = (0, None, Some(Cursor::default()));
        while let Some(cursor) = next {
            let page = walk.page(&cursor).await?;
            for found in page.found {
                let target = Target::of(&self.map, source, found, false);
                // Versions of one object stand side by side, and go together.
                if target.is_some() && target != last {
                    count += 1;
                    last = target;
                }
            }
            next = page.next;
        }
        Ok(count)
    }
}

/// As many walks as the source's pace allows.
fn gate(source: &Source) -> Semaphore {
    let at_a_time = source.pace.at_a_time.and_then(|most| usize::try_from(most).ok());
    Semaphore::new(at_a_time.unwrap_or(WALKS_MAX).clamp(1, WALKS_MAX))
}
