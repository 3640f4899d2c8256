use serde::{Deserialize, Serialize};

use crate::{AccountId, EmailAddress};

/// A customer account, as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    #[serde(rename = "account_id")]
    pub id: AccountId,
    pub name: String,
    pub plan: Plan,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// "Allow users to request their own data": off until an owner or admin turns it on.
    #[serde(default)]
    pub self_service: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Free,
    FreeWithCard,
    Pro,
    ProMultiLicense,
    Business,
    Enterprise,
}

impl Plan {
    /// Whether the plan has the setting that lets members request their own data.
    #[must_use]
    pub fn offers_self_service(self) -> bool {
        matches!(self, Self::FreeWithCard | Self::ProMultiLicense | Self::Business | Self::Enterprise)
    }
}

/// A person of an account. An address belongs to one account at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    #[serde(rename = "account_id")]
    pub account: AccountId,
    pub email: EmailAddress,
    pub name: String,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Member,
}

impl Role {
    /// Whether the role acts for the whole account and not only for itself.
    #[must_use]
    pub fn administers(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

impl Account {
    /// The setting counts only where the plan has it.
    #[must_use]
    pub fn lets_members_export(&self) -> bool {
        self.self_service && self.plan.offers_self_service()
    }
}
