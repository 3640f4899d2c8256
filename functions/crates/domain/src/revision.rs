use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    Account, AccountSettings, Action, Actor, AgreedTerms, Basis, Change, Chosen, Denial, EmailAddress, Entry,
    FieldError, Head, House, Member, MemberSettings, Offer, Problem, Relocation, Scope, Sealed, Setting,
    SettingsPatch, Terms, Topic, may,
};

/// Somebody, their account, and everything that has been chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub member: Member,
    pub own: MemberSettings,
    pub account: Account,
    pub settings: AccountSettings,
    /// Of the account's ledger.
    pub head: Head,
    /// The last move of the account's archives.
    pub relocation: Option<Relocation>,
}

/// A change of settings with its entry in the ledger: written both, or neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub entry: Entry,
    pub sealed: Sealed,
    pub settings: Revised,
    /// The head of the ledger that the entry follows.
    pub seen: Head,
    /// What must still be so when it is written; nothing where the operator's
    /// terms did it.
    pub witness: Option<Witness>,
}

/// What a decision about a change rests on beside the settings it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    pub member: Member,
    pub account: Account,
    /// The version of the account's settings, where it is somebody's own that change.
    pub settings_version: Option<u64>,
}

/// The settings after a change. Their version is one more than was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revised {
    Account(AccountSettings),
    Member(EmailAddress, MemberSettings),
}

impl Standing {
    #[must_use]
    pub fn house(&self) -> House<'_> {
        House { account: &self.account, settings: &self.settings }
    }

    /// How things stand after a change of theirs.
    #[must_use]
    pub fn after(self, revision: Revision) -> Self {
        let relocation = Relocation::after(&revision.entry).or(self.relocation);
        let head = Head { number: revision.entry.number, hash: revision.sealed.hash };
        match revision.settings {
            Revised::Account(settings) => Self { settings, head, relocation, ..self },
            Revised::Member(_, own) => Self { own, head, relocation, ..self },
        }
    }

    /// Whether the one who asks may change one of the account's settings. What
    /// the operator does not offer is there for nobody.
    pub fn may_change_account(&self, setting: Setting, offer: &Offer) -> Result<(), Denial> {
        if setting == Setting::DataResidency && !offer.eea {
            return Err(Denial::Absent);
        }
        may(self.member.role, Action::ChangeAccountSetting(setting, &self.account))
    }

    /// Whether the one who asks may change one of their own settings.
    pub fn may_change_own(&self, setting: Setting) -> Result<(), Denial> {
        may(self.member.role, Action::ChangeOwnSetting(setting, &self.settings))
    }

    /// The change of the account's settings that a patch asks for; none where
    /// everything is so already.
    pub fn change_account(
        &self,
        patch: &SettingsPatch,
        offer: &Offer,
        at: DateTime<Utc>,
    ) -> Result<Option<Revision>, Problem> {
        let terms = &offer.terms;
        let mut wanted = patch.wanted(terms, |setting| self.may_change_account(setting, offer))?;
        if patch.withdraws_everything() {
            // Also what the terms no longer name.
            let consents = self.settings.chosen.keys().filter(|topic| topic.class.is_some());
            wanted.extend(consents.map(|topic| (topic.clone(), false)));
        }
        if let Some(unread) = consent_without_terms(&wanted, patch, terms) {
            return Err(unread);
        }
        let mut chosen = self.settings.chosen.clone();
        let basis = Basis { account: self.account.id.clone(), entry: self.head.number + 1 };
        let mut changes = Vec::new();
        for (topic, on) in wanted {
            let terms = (topic.class.is_some() && on).then(|| terms.agreed());
            let before = chosen.get(&topic);
            // A consent to other terms is renewed by giving it again, and declined by withdrawing.
            let is_so = before.map_or(topic.default(), |before| before.on) == on
                && before.is_none_or(|before| before.terms == terms);
            if !is_so {
                // From on to on, where a consent is renewed before its lapse was
                // written down; from off to off, where a lapsed one is declined.
                let from = before.map_or(topic.default(), |before| before.on);
                changes.push(Change { setting: topic.clone(), from, to: on });
                chosen.insert(topic, Chosen { on, basis: basis.clone(), terms });
            }
        }
        let consents = changes.iter().any(|change| change.setting.class.is_some() && change.to);
        let agreed = consents.then(|| terms.agreed());
        let settings = AccountSettings { version: self.settings.version + 1, chosen };
        Ok(self.revision(changes, agreed, patch.reason.clone(), Revised::Account(settings), at))
    }

    /// The change of somebody's own settings that a patch asks for; none where
    /// everything is so already.
    pub fn change_own(
        &self,
        patch: &SettingsPatch,
        terms: &Terms,
        at: DateTime<Utc>,
    ) -> Result<Option<Revision>, Problem> {
        let wanted = patch.wanted(terms, |setting| self.may_change_own(setting))?;
        let account = &self.account.id;
        let mut chosen = self.own.chosen.clone();
        let basis = Basis { account: account.clone(), entry: self.head.number + 1 };
        let mut changes = Vec::new();
        for (topic, on) in wanted {
            if self.own.is_on(topic.setting, account) != on {
                changes.push(Change { setting: topic.clone(), from: !on, to: on });
                chosen.insert(topic, Chosen { on, basis: basis.clone(), terms: None });
            }
        }
        let settings = MemberSettings { version: self.own.version + 1, chosen };
        let settings = Revised::Member(self.member.email.clone(), settings);
        Ok(self.revision(changes, None, patch.reason.clone(), settings, at))
    }

    fn revision(
        &self,
        changes: Vec<Change>,
        terms: Option<AgreedTerms>,
        reason: Option<String>,
        settings: Revised,
        at: DateTime<Utc>,
    ) -> Option<Revision> {
        if changes.is_empty() {
            return None;
        }
        let entry = Entry {
            account: self.account.id.clone(),
            number: self.head.number + 1,
            at,
            by: Some(self.member.email.clone()),
            role: Actor::from(self.member.role),
            scope: match &settings {
                Revised::Account(_) => Scope::Account,
                Revised::Member(..) => Scope::Member,
            },
            changes,
            terms,
            reason,
            prev: self.head.hash.clone(),
        };
        let is_own = matches!(settings, Revised::Member(..));
        let witness = Witness {
            member: self.member.clone(),
            account: self.account.clone(),
            settings_version: is_own.then_some(self.settings.version),
        };
        let (sealed, seen) = (entry.seal(), self.head.clone());
        Some(Revision { sealed, entry, settings, seen, witness: Some(witness) })
    }
}

/// Writes down that consents to older terms have lapsed; nothing where none has.
#[must_use]
pub fn lapse(
    account: &Account,
    settings: &AccountSettings,
    head: &Head,
    terms: &Terms,
    at: DateTime<Utc>,
) -> Option<Revision> {
    let lapsing: Vec<_> = settings.lapsing(terms).cloned().collect();
    if lapsing.is_empty() {
        return None;
    }
    let basis = Basis { account: account.id.clone(), entry: head.number + 1 };
    let mut chosen = settings.chosen.clone();
    for topic in &lapsing {
        if let Some(lapsed) = chosen.get_mut(topic) {
            *lapsed = Chosen { on: false, basis: basis.clone(), terms: lapsed.terms.take() };
        }
    }
    let entry = Entry {
        account: account.id.clone(),
        number: head.number + 1,
        at,
        by: None,
        role: Actor::Operator,
        scope: Scope::Account,
        changes: lapsing.into_iter().map(|setting| Change { setting, from: true, to: false }).collect(),
        terms: Some(terms.agreed()),
        reason: Some("New terms were published: consent to the earlier ones has lapsed.".to_owned()),
        prev: head.hash.clone(),
    };
    let settings = Revised::Account(AccountSettings { version: settings.version + 1, chosen });
    Some(Revision { sealed: entry.seal(), entry, settings, seen: head.clone(), witness: None })
}

/// Consent counts only from somebody who names the terms as they are now.
/// Withdrawing takes nothing.
fn consent_without_terms(
    wanted: &BTreeMap<Topic, bool>,
    patch: &SettingsPatch,
    terms: &Terms,
) -> Option<Problem> {
    let consents = wanted.iter().any(|(topic, on)| topic.class.is_some() && *on);
    let now = terms.version.as_str();
    match &patch.terms_version {
        Some(seen) if consents && *seen != terms.version => Some(Problem::new(
            409,
            "terms-changed",
            "The terms have changed",
            format!(
                "The terms are now version {now}, at {}. Read them, and send `terms_version` with that version.",
                terms.url
            ),
        )),
        None if consents => Some(Problem::invalid(vec![FieldError::new(
            "/settings/ai_training/terms_version",
            format!(
                "consent names the version of the terms that was read; now it is {now}, at {}",
                terms.url
            ),
        )])),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
