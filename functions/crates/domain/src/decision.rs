use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::object::Object;
use crate::{
    AccountId, AccountSettings, Basis, Chosen, Consent, ContentClass, EmailAddress, FieldError,
    MemberSettings, Problem, Setting, Terms, Topic,
};

/// How many questions one call may ask.
pub const QUESTIONS_MAX: usize = 100;

/// How many people the questions of one call may be about, each counted once.
pub const PEOPLE_MAX: usize = 5_000;

/// How many things that are wrong one answer names.
const ERRORS_MAX: usize = 100;

/// What content is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    AiTraining,
    Personalization,
    /// Of optional diagnostic data: what is required needs nobody's leave.
    Diagnostics,
}

/// May this content be used for this purpose?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub purpose: Purpose,
    pub account: AccountId,
    pub content: Option<ContentClass>,
    pub people: BTreeSet<EmailAddress>,
}

/// What somebody has chosen, and where they belong now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub account: Option<AccountId>,
    pub settings: MemberSettings,
}

/// What is known of the accounts and the people of some questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Accounts that are there, whether they have chosen anything or not.
    pub accounts: BTreeMap<AccountId, AccountSettings>,
    pub people: BTreeMap<EmailAddress, Person>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Allow,
    Deny,
}

/// Why the answer is what it is. The names are public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The account consents, and nobody in the content has opted out.
    ConsentGiven,
    /// The account and everybody concerned have it on.
    SettingOn,
    AccountUnknown,
    ConsentNeverGiven,
    ConsentWithdrawn,
    /// It was given to terms that are not the present ones.
    ConsentLapsed,
    PersonOptedOut,
    /// Somebody in it is no member of the account: nobody has asked them.
    PersonUnknown,
    AccountOff,
    PersonOff,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub decision: Verdict,
    pub rule: Rule,
    /// The entry of the account's ledger that decided; none where nobody has
    /// ever chosen, or somebody opted out in another account: where they belong
    /// is not this one's to know.
    pub basis: Option<Basis>,
    pub cache_seconds: u32,
}

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheTimes {
    /// So long an opt-out may go unnoticed.
    pub allow_seconds: u32,
    pub deny_seconds: u32,
}

/// Answers a question.
#[must_use]
pub fn decide(question: &Question, facts: &Facts, terms: &Terms, cache: CacheTimes) -> Decision {
    let (verdict, (rule, chosen)) = match ruling(question, facts, terms) {
        Ok(ground) => (Verdict::Allow, ground),
        Err(ground) => (Verdict::Deny, ground),
    };
    Decision {
        decision: verdict,
        rule,
        basis: chosen.map(|chosen| &chosen.basis).filter(|basis| basis.account == question.account).cloned(),
        cache_seconds: match verdict {
            Verdict::Allow => cache.allow_seconds,
            Verdict::Deny => cache.deny_seconds,
        },
    }
}

/// A rule and the choice it rests on.
pub type Ground<'f> = (Rule, Option<&'f Chosen>);

/// Grounds to allow it, or else to deny it. The account comes first: where it
/// says no, nobody else need be looked at.
fn ruling<'f>(question: &Question, facts: &'f Facts, terms: &Terms) -> Result<Ground<'f>, Ground<'f>> {
    let of_account = of_account(question, facts, terms)?;
    for email in &question.people {
        of_person(question, facts.people.get(email))?;
    }
    Ok(of_account)
}

/// What the account says to a question. Whoever reads facts asks this first.
pub fn of_account<'f>(
    question: &Question,
    facts: &'f Facts,
    terms: &Terms,
) -> Result<Ground<'f>, Ground<'f>> {
    let settings = facts.accounts.get(&question.account).ok_or((Rule::AccountUnknown, None))?;
    let switch = |setting: Setting| {
        let chosen = settings.chosen.get(&Topic::from(setting));
        if settings.is_on(setting) { Ok((Rule::SettingOn, chosen)) } else { Err((Rule::AccountOff, chosen)) }
    };
    match question.purpose {
        Purpose::AiTraining => {
            let class = question.content.as_ref().filter(|class| terms.classes.contains(class));
            match class.map_or(Consent::Never, |class| settings.consent(class, terms)) {
                Consent::Given(chosen) => Ok((Rule::ConsentGiven, Some(chosen))),
                Consent::Withdrawn(chosen) => Err((Rule::ConsentWithdrawn, Some(chosen))),
                Consent::Lapsed(chosen) => Err((Rule::ConsentLapsed, Some(chosen))),
                Consent::Never => Err((Rule::ConsentNeverGiven, None)),
            }
        }
        Purpose::Personalization if question.people.is_empty() => {
            switch(Setting::PersonalizedAccountExperiences)
        }
        Purpose::Personalization => switch(Setting::PersonalizedUserExperiences),
        Purpose::Diagnostics => switch(Setting::OptionalDiagnosticData),
    }
}

/// What somebody in the content says to it. The opt-out of a person holds
/// wherever they belong; for the rest only who belongs to the account was asked.
fn of_person<'f>(question: &Question, person: Option<&'f Person>) -> Result<(), Ground<'f>> {
    let unknown = || (Rule::PersonUnknown, None);
    let person = person.ok_or_else(unknown)?;
    let choice = |setting| person.settings.choice(setting, &question.account);
    let setting = match question.purpose {
        Purpose::AiTraining => match choice(Setting::AiTrainingOptOut).filter(|chosen| chosen.on) {
            Some(chosen) => return Err((Rule::PersonOptedOut, Some(chosen))),
            None if person.account.as_ref() == Some(&question.account) => return Ok(()),
            None => return Err(unknown()),
        },
        Purpose::Personalization => Setting::PersonalizedExperiences,
        Purpose::Diagnostics => Setting::OptionalDiagnosticData,
    };
    if person.account.as_ref() != Some(&question.account) {
        return Err(unknown());
    }
    match choice(setting) {
        Some(chosen) if chosen.on => Ok(()),
        chosen => Err((Rule::PersonOff, chosen)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    questions: Vec<Object<Asked>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    purpose: Purpose,
    account: String,
    #[serde(default)]
    content: Option<String>,
    /// Nobody is said, and not forgotten: an opt-out must not go unseen.
    people: Vec<String>,
}

impl Question {
    /// Reads the body of `POST /v1/decisions`, and tells everything that is wrong.
    pub fn parse_all(json: &[u8], terms: &Terms) -> Result<Vec<Self>, Problem> {
        let Object(body): Object<Body> = serde_json::from_slice(json)
            .map_err(|error| Problem::malformed(format!("The body is not a list of questions: {error}.")))?;
        let mut errors = Vec::new();
        if !(1..=QUESTIONS_MAX).contains(&body.questions.len()) {
            let detail = format!("a call asks 1 to {QUESTIONS_MAX} questions");
            return Err(Problem::invalid(vec![FieldError::new("/questions", detail)]));
        }
        let asked = body.questions.into_iter().enumerate();
        let questions: Vec<_> =
            asked.filter_map(|(index, Object(asked))| asked.check(index, terms, &mut errors)).collect();
        if errors.len() > ERRORS_MAX {
            errors.truncate(ERRORS_MAX);
            errors.push(FieldError::new("/questions", "and more like these"));
        }
        let people: BTreeSet<_> = questions.iter().flat_map(|question| &question.people).collect();
        if people.len() > PEOPLE_MAX {
            let detail = format!("the questions of a call are about {PEOPLE_MAX} people at most");
            errors.push(FieldError::new("/questions", detail));
        }
        if errors.is_empty() { Ok(questions) } else { Err(Problem::invalid(errors)) }
    }
}

impl Asked {
    fn check(self, index: usize, terms: &Terms, errors: &mut Vec<FieldError>) -> Option<Question> {
        let before = errors.len();
        let mut refuse = |name: &str, detail: String| {
            errors.push(FieldError::new(format!("/questions/{index}/{name}"), detail));
        };
        let account = AccountId::parse(&self.account);
        if account.is_err() {
            refuse("account", "not the id of an account".to_owned());
        }
        let content = self.content.map(|name| {
            let class = ContentClass::parse(&name).ok().filter(|class| terms.classes.contains(class));
            if class.is_none() {
                let known: Vec<_> = terms.classes.iter().map(ContentClass::as_str).collect();
                refuse("content", format!("the classes of content are {}", known.join(", ")));
            }
            class
        });
        if content.is_none() && self.purpose == Purpose::AiTraining {
            refuse("content", "AI training is asked about for one class of content".to_owned());
        }
        if self.people.is_empty() && self.purpose == Purpose::Diagnostics {
            refuse("people", "whose data it is decides: name at least one person".to_owned());
        }
        let mut people = BTreeSet::new();
        for (place, email) in self.people.iter().enumerate() {
            match EmailAddress::parse(email) {
                Ok(email) => {
                    people.insert(email);
                }
                Err(reason) => refuse(&format!("people/{place}"), reason.to_string()),
            }
        }
        if errors.len() > before {
            return None;
        }
        Some(Question { purpose: self.purpose, account: account.ok()?, content: content.flatten(), people })
    }
}

#[cfg(test)]
mod tests;
