use std::collections::BTreeMap;

use serde::Deserialize;

/// What AWS bills by, under the names that `infra/bench/prices.toml` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    StateTransition,
    Mail,
    ReadUnit,
    WriteUnit,
    S3Put,
    S3Get,
    KmsCall,
    KmsEccCall,
    Invocation,
    GbSecond,
    LogGb,
    ApiCall,
    StoredGbMonth,
    DownloadedGb,
}

/// How much of each kind was used.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Usage(BTreeMap<Kind, f64>);

impl Usage {
    pub(super) fn add(&mut self, kind: Kind, amount: f64) {
        *self.0.entry(kind).or_default() += amount;
    }

    /// The same with more of a kind.
    pub(super) fn with(mut self, kind: Kind, amount: f64) -> Self {
        self.add(kind, amount);
        self
    }

    pub(super) fn of(&self, kind: Kind) -> f64 {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Kind, f64)> {
        self.0.iter().map(|(kind, amount)| (*kind, *amount))
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        for (kind, amount) in other.iter() {
            self.add(kind, amount);
        }
        self
    }

    pub(super) fn times(mut self, factor: f64) -> Self {
        for amount in self.0.values_mut() {
            *amount *= factor;
        }
        self
    }

    /// What the other has more of, kind by kind.
    pub(super) fn more_in(&self, other: &Self) -> Self {
        Self(other.iter().map(|(kind, amount)| (kind, (amount - self.of(kind)).max(0.0))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_add_up_and_scale_kind_by_kind() {
        let one = Usage::default().with(Kind::Mail, 2.0).with(Kind::S3Put, 14.0);
        let two = Usage::default().with(Kind::S3Put, 1.0).with(Kind::S3Get, 3.0);
        let sum = one.clone().plus(&two).times(2.0);
        assert_eq!(
            sum,
            Usage::default().with(Kind::Mail, 4.0).with(Kind::S3Put, 30.0).with(Kind::S3Get, 6.0)
        );
        assert_eq!(one.more_in(&two), Usage::default().with(Kind::S3Put, 0.0).with(Kind::S3Get, 3.0));
        assert_eq!(sum.of(Kind::Mail).to_bits(), 4.0_f64.to_bits());
    }
}
