use crate::subject::Subject;
use serde::{Deserialize, Serialize};

/// Whose data something is, and where it was found. The order is that of the
/// manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    pub subject: Subject,
    pub data_type: String,
    pub collection: String,
    pub source: String,
}
