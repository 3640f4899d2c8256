use crate::Terms;

/// What the operator of a deployment offers its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The terms of AI training.
    pub terms: Terms,
    /// Whether there are buckets in the EEA.
    pub eea: bool,
}
