use std::fmt::Display;

use serde::de::value::{Error as NotAName, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};

use crate::{AccountId, Country, EmailAddress};

/// A customer account, as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    #[serde(rename = "account_id")]
    pub id: AccountId,
    pub name: String,
    pub plan: Plan,
    pub country: Country,
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

/// Why a text does not make an account or a member. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {reason}")]
pub struct BadField {
    pub field: &'static str,
    pub reason: String,
}

impl Account {
    /// Of texts that come from outside.
    pub fn read(id: &str, name: &str, plan: &str, country: &str) -> Result<Self, BadField> {
        Ok(Self {
            id: checked("account_id", AccountId::parse(id))?,
            name: name.to_owned(),
            plan: named("plan", "free, free_with_card, pro, pro_multi_license, business, enterprise", plan)?,
            country: checked("country", Country::parse(country))?,
        })
    }
}

impl Member {
    /// Of texts that come from outside.
    pub fn read(account: &str, email: &str, name: &str, role: &str) -> Result<Self, BadField> {
        Ok(Self {
            account: checked("account_id", AccountId::parse(account))?,
            email: checked("email", EmailAddress::parse(email))?,
            name: name.to_owned(),
            role: named("role", "owner, admin, member", role)?,
        })
    }
}

/// None of the refusals repeats what it refuses.
fn checked<T, E: Display>(field: &'static str, parsed: Result<T, E>) -> Result<T, BadField> {
    parsed.map_err(|reason| BadField { field, reason: reason.to_string() })
}

fn named<T: DeserializeOwned>(field: &'static str, known: &str, text: &str) -> Result<T, BadField> {
    let text: StrDeserializer<'_, NotAName> = text.into_deserializer();
    T::deserialize(text).map_err(|_| BadField { field, reason: format!("none of {known}") })
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
