use habeas_domain::{Residency, StoreError};

use crate::{Aws, Bucket, MissingVariable, optional, required};

/// The buckets for one purpose: one in each place where accounts may have their
/// data kept.
#[derive(Debug, Clone)]
pub struct Buckets {
    us: Bucket,
    /// There is none where the operator offers no choice.
    eea: Option<Bucket>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account's data are to be kept in the EEA, and this deployment has no bucket there")]
pub struct NoBucket;

impl From<NoBucket> for StoreError {
    fn from(error: NoBucket) -> Self {
        Self::Unavailable(error.into())
    }
}

impl Buckets {
    /// Those that the environment names: `variable`, and with a prefix `EEA_`
    /// the one in the EEA.
    pub fn from_env(aws: &Aws, variable: &str) -> Result<Self, MissingVariable> {
        let eea = optional(&format!("EEA_{variable}"));
        Ok(Self {
            us: Bucket::new(aws, required(variable)?),
            eea: eea
                .map(|name| Ok(Bucket::new(&aws.in_region(required("EEA_REGION")?), name)))
                .transpose()?,
        })
    }

    /// A bucket where accounts have no choice.
    #[must_use]
    pub fn only(us: Bucket) -> Self {
        Self { us, eea: None }
    }

    pub fn of(&self, residency: Residency) -> Result<&Bucket, NoBucket> {
        match residency {
            Residency::Us => Ok(&self.us),
            Residency::Eea => self.eea.as_ref().ok_or(NoBucket),
        }
    }

    /// What is to go, goes everywhere.
    pub fn all(&self) -> impl Iterator<Item = &Bucket> {
        [Some(&self.us), self.eea.as_ref()].into_iter().flatten()
    }

    /// Whether accounts have a choice.
    #[must_use]
    pub fn has_eea(&self) -> bool {
        self.eea.is_some()
    }
}
