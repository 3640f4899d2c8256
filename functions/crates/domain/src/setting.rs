use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Residency;

/// The longest name of a class of content.
const CLASS_BYTES_MAX: usize = 64;

/// A setting of an account or of a member, by the name the API has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// What keeps the service secure and working. Always on.
    RequiredDiagnosticData,
    OptionalDiagnosticData,
    PersonalizedAccountExperiences,
    /// Whether members may turn personalization on for themselves.
    PersonalizedUserExperiences,
    /// "Allow users to request their own data."
    SelfServiceRequests,
    /// On where archives and work data are kept in the EEA.
    DataResidency,
    /// Consent to AI training, one for each class of content.
    AiTraining,
    PersonalizedExperiences,
    AiTrainingOptOut,
}

impl Setting {
    /// Those that owners and admins have for the account.
    pub const OF_ACCOUNT: [Self; 7] = [
        Self::RequiredDiagnosticData,
        Self::OptionalDiagnosticData,
        Self::PersonalizedAccountExperiences,
        Self::PersonalizedUserExperiences,
        Self::SelfServiceRequests,
        Self::DataResidency,
        Self::AiTraining,
    ];

    /// Those that everybody has for themselves.
    pub const OF_MEMBER: [Self; 3] =
        [Self::OptionalDiagnosticData, Self::PersonalizedExperiences, Self::AiTrainingOptOut];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiredDiagnosticData => "required_diagnostic_data",
            Self::OptionalDiagnosticData => "optional_diagnostic_data",
            Self::PersonalizedAccountExperiences => "personalized_account_experiences",
            Self::PersonalizedUserExperiences => "personalized_user_experiences",
            Self::SelfServiceRequests => "self_service_requests",
            Self::DataResidency => "data_residency",
            Self::AiTraining => "ai_training",
            Self::PersonalizedExperiences => "personalized_experiences",
            Self::AiTrainingOptOut => "ai_training_opt_out",
        }
    }

    /// The one with this name, of an account or of a member.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::OF_ACCOUNT.into_iter().chain(Self::OF_MEMBER).find(|setting| setting.as_str() == name)
    }
}

/// A class of content that may be used to train AI, or another use of AI that
/// the operator names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentClass(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a class of content has a name of lower-case letters, digits and underscores, of {CLASS_BYTES_MAX} at most"
)]
pub struct NotAClass;

impl ContentClass {
    /// The classes that every deployment has.
    pub const ALWAYS: [&'static str; 5] = ["audio", "video", "chat", "transcripts", "whiteboards"];

    pub fn parse(name: &str) -> Result<Self, NotAClass> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name =
            name.bytes().all(is_plain) && name.starts_with(|first: char| first.is_ascii_lowercase());
        if is_name && name.len() <= CLASS_BYTES_MAX { Ok(Self(name.to_owned())) } else { Err(NotAClass) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContentClass {
    type Error = NotAClass;

    fn try_from(name: String) -> Result<Self, NotAClass> {
        Self::parse(&name)
    }
}

impl From<ContentClass> for String {
    fn from(class: ContentClass) -> Self {
        class.0
    }
}

/// A setting as people read and write it: a switch, or one of two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    Switch(bool),
    Residency(Residency),
}

impl SettingValue {
    #[must_use]
    pub fn is_on(self) -> bool {
        match self {
            Self::Switch(on) => on,
            Self::Residency(residency) => residency.is_eea(),
        }
    }
}

/// One thing that is on or off: a setting, or one class of content of the
/// setting that has several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic {
    pub setting: Setting,
    pub class: Option<ContentClass>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of anything that can be chosen")]
pub struct NotATopic;

impl Topic {
    #[must_use]
    pub fn training_on(class: &ContentClass) -> Self {
        Self { setting: Setting::AiTraining, class: Some(class.clone()) }
    }

    /// What holds as long as nobody has chosen: everything is off that the
    /// service can do without (data protection by default, GDPR Art. 25(2)).
    #[must_use]
    pub fn default(&self) -> bool {
        self.setting == Setting::RequiredDiagnosticData
    }

    /// How people read and write that it is on or off.
    #[must_use]
    pub fn value(&self, on: bool) -> SettingValue {
        match self.setting {
            Setting::DataResidency => SettingValue::Residency(Residency::of_choice(on)),
            _ => SettingValue::Switch(on),
        }
    }
}

impl From<Setting> for Topic {
    fn from(setting: Setting) -> Self {
        Self { setting, class: None }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.setting.as_str())?;
        match &self.class {
            Some(class) => write!(f, ".{}", class.as_str()),
            None => Ok(()),
        }
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.to_string()
    }
}

impl TryFrom<String> for Topic {
    type Error = NotATopic;

    fn try_from(text: String) -> Result<Self, NotATopic> {
        let (name, class) = match text.split_once('.') {
            Some((name, class)) => (name, Some(ContentClass::parse(class).map_err(|_| NotATopic)?)),
            None => (text.as_str(), None),
        };
        let setting = Setting::named(name).ok_or(NotATopic)?;
        if class.is_some() == (setting == Setting::AiTraining) {
            Ok(Self { setting, class })
        } else {
            Err(NotATopic)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found_by_its_name() {
        for setting in Setting::OF_ACCOUNT.into_iter().chain(Setting::OF_MEMBER) {
            assert_eq!(Setting::named(setting.as_str()), Some(setting));
            assert_eq!(serde_json::to_value(setting).unwrap(), setting.as_str());
        }
    }

    #[test]
    fn a_topic_has_one_spelling() {
        for text in ["optional_diagnostic_data", "ai_training.chat", "ai_training.note_taking2"] {
            assert_eq!(Topic::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        for text in
            ["ai_training", "ai_training.", "ai_training.Chat", "optional_diagnostic_data.chat", "", "x"]
        {
            assert_eq!(Topic::try_from(text.to_owned()), Err(NotATopic), "{text}");
        }
    }
}
