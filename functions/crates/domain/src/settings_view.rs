use serde_json::{Map, Value, json};

use crate::{AccountSettings, Consent, ContentClass, Denial, Offer, Setting, Standing, Terms, Topic};

impl Standing {
    /// The account's settings as the one who asks sees them. What is not for
    /// them is not there.
    #[must_use]
    pub fn account_view(&self, offer: &Offer) -> Value {
        let mut shown = Map::new();
        for setting in Setting::OF_ACCOUNT {
            let allowed = self.may_change_account(setting, offer);
            if allowed == Err(Denial::Absent) {
                continue;
            }
            let mut view = match setting {
                Setting::AiTraining => training_view(&self.settings, &offer.terms),
                setting => json!({"value": Topic::from(setting).value(self.settings.is_on(setting))}),
            };
            if let Some(relocation) = self.relocation.as_ref().filter(|_| setting == Setting::DataResidency) {
                view["move"] = relocation.view();
            }
            view["changeable"] = json!(allowed.is_ok());
            if let Err(Denial::Refused { detail, .. }) = allowed {
                view["reason"] = json!(detail);
            }
            shown.insert(setting.as_str().to_owned(), view);
        }
        json!({"settings": shown, "version": self.settings.version})
    }

    /// The settings of the one who asks. What the account has off is not among
    /// them, whatever they have chosen; `unavailable` says so, and whom to ask.
    #[must_use]
    pub fn own_view(&self) -> Value {
        let (mut shown, mut unavailable) = (Map::new(), Map::new());
        for setting in Setting::OF_MEMBER {
            let name = setting.as_str().to_owned();
            match self.may_change_own(setting) {
                Ok(()) => {
                    let on = self.own.is_on(setting, &self.account.id);
                    shown.insert(name, json!({"value": on, "changeable": true}));
                }
                Err(Denial::Refused { detail, .. }) => {
                    unavailable.insert(name, json!({"reason": detail}));
                }
                Err(Denial::Absent) => {}
            }
        }
        json!({"settings": shown, "unavailable": unavailable, "version": self.own.version})
    }
}

/// Consent is on for the classes where it was given to the present terms.
fn training_view(settings: &AccountSettings, terms: &Terms) -> Value {
    let stands = |class: &ContentClass| (class.as_str().to_owned(), settings.consent(class, terms));
    let stands: Vec<_> = terms.classes.iter().map(stands).collect();
    let value: Map<_, _> = stands
        .iter()
        .map(|(class, stand)| (class.clone(), json!(matches!(stand, Consent::Given(_)))))
        .collect();
    let lapsed: Vec<_> = stands
        .iter()
        .filter(|(_, stand)| matches!(stand, Consent::Lapsed(_)))
        .map(|(class, _)| class)
        .collect();
    json!({
        "value": value,
        "terms_version": terms.version,
        "terms": {"url": terms.url, "sha256": terms.sha256},
        "lapsed": lapsed,
    })
}
