use habeas_domain::StoreError;
use habeas_lambda::{TaskError, names};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Ground;
use crate::ground::read;

/// What a step of a unit leaves behind, with the cursor it returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step<C, R> {
    pub cursor: C,
    pub result: R,
}

impl Ground {
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
        match self.work.put_new(key, json, "application/json").await {
            Ok(()) => Ok(step.cursor),
            Err(StoreError::Conflict) => Ok(read::<Step<C, R>>(&self.object(key).await?)?.cursor),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The cursor that a step returned.
    pub async fn kept_cursor<C: DeserializeOwned>(&self, key: &str) -> Result<C, TaskError> {
        Ok(read::<Step<C, serde::de::IgnoredAny>>(&self.object(key).await?)?.cursor)
    }

    /// The results of the steps under a prefix, in order of unit and step.
    pub async fn results<C: DeserializeOwned, R: DeserializeOwned>(
        &self,
        prefix: &str,
    ) -> Result<Vec<R>, TaskError> {
        let mut results = Vec::new();
        for object in self.work.list(prefix).await? {
            results.push(read::<Step<C, R>>(&self.object(&object.key).await?)?.result);
        }
        Ok(results)
    }
}
