use std::collections::BTreeMap;

use super::{Excluded, Identifier, Information};
use crate::subject::Subject;
use serde::{Deserialize, Serialize};

/// What an export set out to search, against which its result is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchPlan {
    pub subjects: Vec<Subject>,
    /// What else stands for subjects, where there is anything.
    pub identifiers: BTreeMap<Subject, Vec<Identifier>>,
    pub sources: Vec<PlannedSource>,
    pub excluded: Vec<Excluded>,
    pub information: Option<Information>,
}

/// A source, searched for every subject of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedSource {
    pub source: String,
    pub data_type: String,
    pub collection: String,
    /// Fields about other people that are redacted or pseudonymised.
    pub redacted: Vec<String>,
    /// Fields that are security data and left out.
    pub security: Vec<String>,
}
