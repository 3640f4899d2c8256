use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AccountId, AgreedTerms, ContentClass, Residency, Setting, Terms, Topic};

/// What has been chosen for an account, and how often that was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettings {
    pub version: u64,
    pub chosen: BTreeMap<Topic, Chosen>,
}

/// What a member has chosen. It goes with the person from account to account,
/// but only an opt-out holds in all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberSettings {
    pub version: u64,
    pub chosen: BTreeMap<Topic, Chosen>,
}

/// A choice, and where it is proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub on: bool,
    pub basis: Basis,
    /// The terms that a consent was given to. They stay when it lapses, and go
    /// when it is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<AgreedTerms>,
}

/// The entry of an account's ledger that a choice rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub account: AccountId,
    pub entry: u64,
}

/// How an account stands to AI training on a class of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent<'a> {
    Never,
    Given(&'a Chosen),
    Withdrawn(&'a Chosen),
    /// Given to terms that are not the present ones.
    Lapsed(&'a Chosen),
}

impl AccountSettings {
    #[must_use]
    pub fn is_on(&self, setting: Setting) -> bool {
        let topic = Topic::from(setting);
        self.chosen.get(&topic).map_or(topic.default(), |chosen| chosen.on)
    }

    /// Where the account's archives and work data are to be kept.
    #[must_use]
    pub fn residency(&self) -> Residency {
        Residency::of_choice(self.is_on(Setting::DataResidency))
    }

    #[must_use]
    pub fn consent(&self, class: &ContentClass, terms: &Terms) -> Consent<'_> {
        match self.chosen.get(&Topic::training_on(class)) {
            None => Consent::Never,
            Some(chosen) if chosen.on && terms.are_those(chosen) => Consent::Given(chosen),
            Some(chosen) if chosen.on || chosen.terms.is_some() => Consent::Lapsed(chosen),
            Some(chosen) => Consent::Withdrawn(chosen),
        }
    }

    /// Whether there is a consent that may lapse.
    #[must_use]
    pub fn consents(&self) -> bool {
        self.chosen.iter().any(|(topic, chosen)| topic.class.is_some() && chosen.on)
    }

    /// Consents that have lapsed and are not yet written down as such.
    pub fn lapsing<'a>(&'a self, terms: &'a Terms) -> impl Iterator<Item = &'a Topic> {
        let consents = self.chosen.iter().filter(|(topic, chosen)| topic.class.is_some() && chosen.on);
        consents.filter(|(_, chosen)| !terms.are_those(chosen)).map(|(topic, _)| topic)
    }
}

impl MemberSettings {
    /// What a member of `account` has chosen. An opt-out holds wherever it was
    /// made; what somebody has allowed one account, another cannot use.
    #[must_use]
    pub fn choice(&self, setting: Setting, account: &AccountId) -> Option<&Chosen> {
        let chosen = self.chosen.get(&Topic::from(setting))?;
        (setting == Setting::AiTrainingOptOut || chosen.basis.account == *account).then_some(chosen)
    }

    #[must_use]
    pub fn is_on(&self, setting: Setting, account: &AccountId) -> bool {
        self.choice(setting, account).is_some_and(|chosen| chosen.on)
    }
}
