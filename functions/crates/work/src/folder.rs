use futures::{StreamExt, TryStreamExt, stream};
use habeas_aws::{Bucket, WorkKeys};
use habeas_domain::StoreError;
use habeas_lambda::{TaskError, names};
use habeas_sources::{LinkedId, Pseudonyms};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::{Failure, Inventory, Listed, ListedAt, Outcomes, Unit};

/// The folder of a request's intermediate objects, where the account's data are kept.
#[derive(Debug, Clone)]
pub struct Folder {
    pub bucket: Bucket,
    pub keys: WorkKeys,
}

/// What a step of a unit leaves behind, with the cursor it returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step<C, R> {
    pub cursor: C,
    pub result: R,
}

impl Folder {
    /// The plan, as it was written.
    pub async fn units(&self) -> Result<Vec<Unit>, TaskError> {
        let lines = self.object(&self.keys.units()).await?;
        lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(read).collect()
    }

    /// One unit of the plan.
    pub async fn unit(&self, name: &str) -> Result<Unit, TaskError> {
        let found = self.units().await?.into_iter().find(|unit| unit.unit == name);
        found.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The plan has no such unit."))
    }

    /// The pseudonyms of the request, as the plan has made them.
    pub async fn pseudonyms(&self) -> Result<Pseudonyms, TaskError> {
        let key = self.object(&self.keys.pseudonyms()).await?;
        let key = key.try_into().map_err(|_| {
            TaskError::new(names::INCOMPLETE, "The result of an earlier step is not readable.")
        })?;
        Ok(Pseudonyms::new(key))
    }

    /// What else stands for each person of the request, in their order. Nothing
    /// where the data map has no rules for it.
    pub async fn identities(&self) -> Result<Vec<Vec<LinkedId>>, TaskError> {
        read(self.object(&self.keys.identities()).await?)
    }

    /// Why sources could not be read, in order of unit and step.
    pub async fn failures(&self) -> Result<Vec<Failure>, TaskError> {
        let mut failures = Vec::new();
        for object in self.bucket.list(&self.keys.failures()).await? {
            failures.push(read(self.object(&object.key).await?)?);
        }
        Ok(failures)
    }

    /// The inventories under a prefix, in order.
    pub async fn inventories(&self, prefix: &str) -> Result<Vec<Inventory>, TaskError> {
        // Of the steps' cursors only the step itself knows the form.
        self.results::<IgnoredAny, _>(prefix).await
    }

    /// A unit's inventories, all of them.
    pub async fn inventories_of(&self, unit: &str) -> Result<Vec<Inventory>, TaskError> {
        let inventories = self.inventories(&format!("{}{unit}-", self.keys.inventories())).await?;
        if inventories.last().is_some_and(|inventory| inventory.last) {
            return Ok(inventories);
        }
        Err(TaskError::new(names::INCOMPLETE, "The inventory of what is to be deleted is incomplete."))
    }

    /// What a unit's inventories list, each thing once and by where it stands.
    pub async fn listed_of(&self, unit: &str) -> Result<Vec<(ListedAt, Listed)>, TaskError> {
        Ok(Inventory::each_once(self.inventories_of(unit).await?))
    }

    /// What became of a unit's targets, in order of steps.
    pub async fn outcomes_of(&self, unit: &str) -> Result<Vec<Outcomes>, TaskError> {
        self.results::<IgnoredAny, _>(&format!("{}{unit}-", self.keys.outcomes())).await
    }

    /// An object that an earlier step wrote.
    pub async fn object(&self, key: &str) -> Result<Vec<u8>, TaskError> {
        let found = self.bucket.get(key).await?;
        found.ok_or_else(|| TaskError::new(names::INCOMPLETE, "The result of an earlier step is gone."))
    }

    /// Writes the result of a step, once: where the step has run before, its
    /// first result stays, and the cursor that belongs to it comes back. Twins
    /// of a step may come to different ends, and only one end can be gone on from.
    pub async fn keep_first<C, R>(&self, key: &str, step: Step<C, R>) -> Result<C, TaskError>
    where
        C: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let json = serde_json::to_vec(&step).map_err(|error| {
            TaskError::new(names::INCOMPLETE, "A result cannot be written.").because(error)
        })?;
        match self.bucket.put_new(key, json, "application/json").await {
            Ok(()) => Ok(step.cursor),
            Err(StoreError::Conflict) => Ok(read::<Step<C, R>>(&self.object(key).await?)?.cursor),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The cursor that a step returned.
    pub async fn kept_cursor<C: DeserializeOwned>(&self, key: &str) -> Result<C, TaskError> {
        Ok(read::<Step<C, IgnoredAny>>(&self.object(key).await?)?.cursor)
    }

    async fn result<C: DeserializeOwned, R: DeserializeOwned>(&self, key: String) -> Result<R, TaskError> {
        Ok(read::<Step<C, R>>(&self.object(&key).await?)?.result)
    }

    /// The results of the steps under a prefix, in order of unit and step.
    pub async fn results<C: DeserializeOwned, R: DeserializeOwned>(
        &self,
        prefix: &str,
    ) -> Result<Vec<R>, TaskError> {
        let objects = self.bucket.list(prefix).await?;
        self.results_at::<C, R>(objects.into_iter().map(|object| object.key)).await
    }

    /// The results of these steps, in this order.
    pub async fn results_at<C: DeserializeOwned, R: DeserializeOwned>(
        &self,
        keys: impl IntoIterator<Item = String>,
    ) -> Result<Vec<R>, TaskError> {
        let results: Vec<_> = keys.into_iter().map(|key| self.result::<C, R>(key)).collect();
        stream::iter(results).buffered(READS_AT_A_TIME).try_collect().await
    }
}

/// How many objects are read at a time: each is small, and an archive may have
/// thousands.
const READS_AT_A_TIME: usize = 8;

fn read<T: DeserializeOwned>(json: impl AsRef<[u8]>) -> Result<T, TaskError> {
    serde_json::from_slice(json.as_ref()).map_err(|error| {
        TaskError::new(names::INCOMPLETE, "The result of an earlier step is not readable.").because(error)
    })
}
