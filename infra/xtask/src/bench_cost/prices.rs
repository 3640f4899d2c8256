use std::collections::BTreeMap;

use serde::Deserialize;

use super::usage::{Kind, Usage};
use crate::Outcome;

/// The services that a request uses, in the order in which they are shown.
pub(super) const SERVICES: [&str; 8] =
    ["Step Functions", "SES", "DynamoDB", "S3", "KMS", "Lambda", "Logs", "API Gateway"];

/// What an archive costs when the request is over: no part of the request's price.
pub(super) const AFTERWARDS: [&str; 2] = ["kept", "download"];

/// List prices as of a month.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    pub(super) as_of: String,
    pub(super) region: String,
    list: BTreeMap<Kind, Price>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    dollars: f64,
    per: u32,
}

/// Dollars by service.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bill(BTreeMap<&'static str, f64>);

impl Prices {
    /// The prices that are shipped.
    pub(super) fn shipped() -> Outcome<Self> {
        Ok(toml::from_str(include_str!("../../../bench/prices.toml"))?)
    }

    /// What has no price is an error, and not free.
    pub(super) fn bill(&self, usage: &Usage) -> Outcome<Bill> {
        let mut bill = BTreeMap::new();
        for (kind, amount) in usage.iter() {
            let price = self.list.get(&kind).ok_or_else(|| format!("{kind:?} has no price"))?;
            *bill.entry(service(kind)).or_default() += amount * price.dollars / f64::from(price.per);
        }
        Ok(Bill(bill))
    }
}

impl Bill {
    pub(super) fn of(&self, service: &str) -> f64 {
        self.0.get(service).copied().unwrap_or_default()
    }

    /// Of the request, from its filing to the mail that tells how it ended.
    pub(super) fn total(&self) -> f64 {
        SERVICES.iter().map(|service| self.of(service)).sum()
    }
}

fn service(kind: Kind) -> &'static str {
    match kind {
        Kind::StateTransition => "Step Functions",
        Kind::Mail => "SES",
        Kind::ReadUnit | Kind::WriteUnit => "DynamoDB",
        Kind::S3Put | Kind::S3Get => "S3",
        Kind::KmsCall | Kind::KmsEccCall => "KMS",
        Kind::Invocation | Kind::GbSecond => "Lambda",
        Kind::LogGb => "Logs",
        Kind::ApiCall => "API Gateway",
        Kind::StoredGbMonth => "kept",
        Kind::DownloadedGb => "download",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_adds_up_by_service() {
        let usage = Usage::default()
            .with(Kind::StateTransition, 15.0)
            .with(Kind::Mail, 2.0)
            .with(Kind::ReadUnit, 40.0)
            .with(Kind::WriteUnit, 40.0)
            .with(Kind::StoredGbMonth, 1.0);
        let bill = Prices::shipped().unwrap().bill(&usage).unwrap();
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
        close(bill.of("Step Functions"), 0.000_375);
        close(bill.of("SES"), 0.000_2);
        close(bill.of("DynamoDB"), 0.000_03);
        close(bill.of("kept"), 0.023);
        close(bill.total(), 0.000_605);
    }

    #[test]
    fn everything_that_is_billed_has_a_price_and_a_column() {
        let prices = Prices::shipped().unwrap();
        let columns: Vec<_> = SERVICES.iter().chain(&AFTERWARDS).collect();
        assert_eq!(prices.list.len(), 14);
        for (kind, price) in &prices.list {
            assert!(columns.contains(&&service(*kind)), "{kind:?}");
            assert!(price.dollars > 0.0 && price.per > 0, "{kind:?}");
        }
    }
}
