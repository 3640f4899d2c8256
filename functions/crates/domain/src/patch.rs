use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::object::Object;
use crate::{ContentClass, Denial, FieldError, Problem, Residency, Setting, Terms, TermsVersion, Topic};

/// The longest reason, in characters: a sentence or two for who reads the ledger.
const REASON_CHARS_MAX: usize = 500;

/// A JSON merge patch (RFC 7396) of settings: what is to be on or off, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsPatch {
    settings: Map<String, Value>,
    pub(crate) reason: Option<String>,
    /// The terms that whoever consents has read.
    pub(crate) terms_version: Option<TermsVersion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    settings: Map<String, Value>,
    #[serde(default)]
    reason: Option<String>,
}

impl SettingsPatch {
    /// Reads the body. What it says of each setting is looked at once it is
    /// known which settings there are for the one who asks.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let Object(body): Object<Body> = serde_json::from_slice(json).map_err(|error| {
            Problem::malformed(format!(
                "The body is not a merge patch such as {{\"settings\": {{\"<name>\": {{\"value\": true}}}}}}: {error}."
            ))
        })?;
        let mut errors = Vec::new();
        let reason = body.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| !is_reason(reason)) {
            let detail = format!("the reason is one line of {REASON_CHARS_MAX} characters at most");
            errors.push(FieldError::new("/reason", detail));
        }
        let name = "/settings/ai_training/terms_version";
        let given =
            body.settings.get(Setting::AiTraining.as_str()).and_then(|given| given.get("terms_version"));
        let terms_version = given.filter(|given| !given.is_null()).and_then(|given| {
            let version = given.as_str().and_then(|text| TermsVersion::parse(text).ok());
            if version.is_none() {
                errors
                    .push(FieldError::new(name, "a version of the terms is a text, as the settings show it"));
            }
            version
        });
        if errors.is_empty() {
            Ok(Self { settings: body.settings, reason, terms_version })
        } else {
            Err(Problem::invalid(errors))
        }
    }

    /// Whether every consent to AI training is withdrawn at once.
    pub(crate) fn withdraws_everything(&self) -> bool {
        let training = self.settings.get(Setting::AiTraining.as_str());
        training.is_some_and(|patch| patch.is_null() || patch.get("value").is_some_and(Value::is_null))
    }

    /// What is to be on and what off. Everything that is wrong is told at once;
    /// a setting that is not there for the one who asks is like one that does
    /// not exist.
    pub(crate) fn wanted(
        &self,
        terms: &Terms,
        may_change: impl Fn(Setting) -> Result<(), Denial>,
    ) -> Result<BTreeMap<Topic, bool>, Problem> {
        let mut wanted = BTreeMap::new();
        let (mut errors, mut refused) = (Vec::new(), Vec::new());
        for (name, patch) in &self.settings {
            let pointer = pointer_to("/settings", name);
            let Some((setting, allowed)) = Setting::named(name)
                .map(|setting| (setting, may_change(setting)))
                .filter(|(_, allowed)| *allowed != Err(Denial::Absent))
            else {
                errors.push(FieldError::new(pointer, "there is no such setting here"));
                continue;
            };
            let before = errors.len();
            let topics = topics(setting, patch, &pointer, terms, &mut errors);
            if errors.len() > before {
                continue;
            }
            let is_required = setting == Setting::RequiredDiagnosticData;
            let is_so_anyway = topics.is_empty() || (is_required && topics.iter().all(|(_, on)| *on));
            match allowed {
                Err(denial) if !is_so_anyway => refused.push((pointer, Problem::from(denial))),
                _ => wanted.extend(topics),
            }
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        match refused.first().cloned() {
            None => Ok(wanted),
            Some((_, first)) => Err(first.with(
                refused
                    .into_iter()
                    .map(|(pointer, problem)| FieldError::new(pointer, problem.detail))
                    .collect(),
            )),
        }
    }
}

/// The place of a member (RFC 6901).
fn pointer_to(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn is_reason(reason: &str) -> bool {
    // What a tool may escape in one way or another would have more than one hash.
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    reason.chars().count() <= REASON_CHARS_MAX && reason.chars().all(is_plain)
}

/// What a patch of one setting says. `null` takes back what was chosen.
fn topics(
    setting: Setting,
    patch: &Value,
    pointer: &str,
    terms: &Terms,
    errors: &mut Vec<FieldError>,
) -> Vec<(Topic, bool)> {
    let taken_back = Map::from_iter([("value".to_owned(), Value::Null)]);
    let patch = match patch {
        Value::Object(patch) => patch,
        Value::Null => &taken_back,
        _ => {
            errors.push(FieldError::new(pointer, "a setting is changed by an object with its new `value`"));
            return Vec::new();
        }
    };
    for name in patch.keys().filter(|name| !is_part_of(setting, name)) {
        errors.push(FieldError::new(pointer_to(pointer, name), "only the value of a setting can be changed"));
    }
    let value = patch.get("value");
    let pointer = format!("{pointer}/value");
    if setting != Setting::AiTraining {
        let topic = Topic::from(setting);
        let on = match value {
            None => return Vec::new(),
            Some(Value::Null) => Some(topic.default()),
            Some(value) => switch(setting, value),
        };
        return on.map(|on| vec![(topic, on)]).unwrap_or_else(|| {
            let detail = match setting {
                Setting::DataResidency => "the value is \"us\" or \"eea\"",
                _ => "the value is true or false",
            };
            errors.push(FieldError::new(pointer, detail));
            Vec::new()
        });
    }
    match value {
        None => Vec::new(),
        Some(Value::Object(classes)) => {
            classes.iter().filter_map(|(name, on)| training(name, on, &pointer, terms, errors)).collect()
        }
        // Withdrawing everything at once is as easy as that.
        Some(Value::Null) => terms.classes.iter().map(|class| (Topic::training_on(class), false)).collect(),
        Some(_) => {
            errors.push(FieldError::new(
                pointer,
                "the value is an object of classes of content, true or false each",
            ));
            Vec::new()
        }
    }
}

fn switch(setting: Setting, value: &Value) -> Option<bool> {
    match setting {
        Setting::DataResidency => value.as_str().and_then(Residency::parse).map(Residency::is_eea),
        _ => value.as_bool(),
    }
}

fn training(
    name: &str,
    on: &Value,
    pointer: &str,
    terms: &Terms,
    errors: &mut Vec<FieldError>,
) -> Option<(Topic, bool)> {
    let pointer = pointer_to(pointer, name);
    let Some(class) = ContentClass::parse(name).ok().filter(|class| terms.classes.contains(class)) else {
        let known: Vec<_> = terms.classes.iter().map(ContentClass::as_str).collect();
        errors.push(FieldError::new(pointer, format!("the classes of content are {}", known.join(", "))));
        return None;
    };
    match on {
        Value::Bool(on) => Some((Topic::training_on(&class), *on)),
        Value::Null => Some((Topic::training_on(&class), false)),
        _ => {
            errors.push(FieldError::new(pointer, "the value is true or false"));
            None
        }
    }
}

fn is_part_of(setting: Setting, name: &str) -> bool {
    name == "value" || (setting == Setting::AiTraining && name == "terms_version")
}

#[cfg(test)]
mod tests;
