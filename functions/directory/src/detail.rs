use habeas_domain::{Account, EmailAddress, Member};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The one version of the schemas under `events/schemas` that is known.
pub(crate) const SCHEMA: u64 = 1;

/// What an event says in its own words. The texts are still to be checked:
/// serde's own refusals repeat what was sent, and that may be an address.
pub(crate) trait Detail: DeserializeOwned {
    /// The fields, for whoever sends others.
    const FIELDS: &'static str;
    type Meaning;

    /// The same in terms of the domain, or what is wrong without repeating it.
    fn meaning(self) -> Result<Self::Meaning, String>;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountDetail {
    account_id: String,
    name: String,
    plan: String,
    country: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberDetail {
    account_id: String,
    email: String,
    name: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemovedDetail {
    email: String,
}

/// Reads a detail strictly: what is not in the schema may matter to its sender,
/// and to leave it out would look as if it had been understood.
pub(crate) fn understand<D: Detail>(mut detail: Value) -> Result<D::Meaning, String> {
    let version = detail.as_object_mut().and_then(|fields| fields.remove("schema"));
    if version.is_some_and(|version| version != SCHEMA) {
        return Err(format!("its `schema` is another than {SCHEMA}, the only one known"));
    }
    let detail: D = serde_json::from_value(detail)
        .map_err(|_| format!("its detail must have the texts {}, and nothing else", D::FIELDS))?;
    detail.meaning()
}

impl Detail for AccountDetail {
    const FIELDS: &'static str = "account_id, name, plan and country";
    type Meaning = Account;

    fn meaning(self) -> Result<Account, String> {
        let Self { account_id, name, plan, country } = self;
        Account::read(&account_id, &name, &plan, &country).map_err(|wrong| wrong.to_string())
    }
}

impl Detail for MemberDetail {
    const FIELDS: &'static str = "account_id, email, name and role";
    type Meaning = Member;

    fn meaning(self) -> Result<Member, String> {
        let Self { account_id, email, name, role } = self;
        Member::read(&account_id, &email, &name, &role).map_err(|wrong| wrong.to_string())
    }
}

impl Detail for RemovedDetail {
    const FIELDS: &'static str = "email";
    type Meaning = EmailAddress;

    fn meaning(self) -> Result<EmailAddress, String> {
        EmailAddress::parse(&self.email).map_err(|reason| format!("`email`: {reason}"))
    }
}
