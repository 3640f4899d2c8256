use crate::{Account, AccountSettings, Problem, Role, Setting};

/// What somebody wants to do, with as much of the world as decides it.
#[derive(Debug, Clone, Copy)]
pub enum Action<'a> {
    /// See, revoke or download a request that somebody filed about themselves.
    HandleOwnRequest,
    /// The same with any request of the account, and list them all.
    HandleAnyRequest,
    FileExportOfOneself(House<'a>),
    /// File an export of others, or of several people.
    FileExport,
    FileDeletion,
    /// File for people without a login, or for a list of people.
    FileForList,
    /// See the receipt of a deletion.
    SeeReceipt,
    SeeAccountSettings,
    SeeLedger,
    /// Place legal holds, see and release them.
    HandleHolds,
    ChangeAccountSetting(Setting, &'a Account),
    SeeOwnSettings,
    ChangeOwnSetting(Setting, &'a AccountSettings),
}

/// An account and what has been chosen for it.
#[derive(Debug, Clone, Copy)]
pub struct House<'a> {
    pub account: &'a Account,
    pub settings: &'a AccountSettings,
}

/// Why somebody may not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// For them it does not exist.
    Absent,
    /// They may know of it. The slug is that of the problem they are told.
    Refused { slug: &'static str, detail: &'static str },
}

impl House<'_> {
    /// The setting counts only where the plan has it.
    #[must_use]
    pub fn lets_members_export(&self) -> bool {
        self.account.plan.offers_self_service() && self.settings.is_on(Setting::SelfServiceRequests)
    }
}

/// Whether somebody in this role may do something. The one place that says so:
/// what belongs to another account never gets here.
pub fn may(role: Role, action: Action<'_>) -> Result<(), Denial> {
    match action {
        Action::HandleOwnRequest | Action::SeeOwnSettings => Ok(()),
        Action::HandleAnyRequest if administers(role) => Ok(()),
        Action::HandleAnyRequest => Err(Denial::Absent),
        Action::FileExportOfOneself(house) => match house.lets_members_export() || administers(role) {
            true => Ok(()),
            false => Err(SELF_SERVICE_OFF),
        },
        Action::FileExport => only_administrators(role, OTHERS),
        Action::FileDeletion => only_administrators(role, DELETION),
        Action::FileForList => only_administrators(role, LISTS),
        Action::SeeReceipt => only_administrators(role, RECEIPTS),
        Action::SeeAccountSettings => only_administrators(role, ACCOUNT_SETTINGS),
        Action::SeeLedger => only_administrators(role, LEDGER),
        Action::HandleHolds => only_administrators(role, HOLDS),
        Action::ChangeAccountSetting(setting, account) => may_change_account(role, setting, account),
        Action::ChangeOwnSetting(setting, of_account) => may_change_own(setting, of_account),
    }
}

fn may_change_account(role: Role, setting: Setting, account: &Account) -> Result<(), Denial> {
    only_administrators(role, ACCOUNT_SETTINGS)?;
    match setting {
        Setting::RequiredDiagnosticData => Err(REQUIRED),
        Setting::OptionalDiagnosticData
        | Setting::PersonalizedAccountExperiences
        | Setting::PersonalizedUserExperiences
        | Setting::AiTraining => Ok(()),
        Setting::SelfServiceRequests if account.plan.offers_self_service() => Ok(()),
        Setting::DataResidency if role == Role::Owner && account.country.is_in_eea() => Ok(()),
        Setting::SelfServiceRequests
        | Setting::DataResidency
        | Setting::PersonalizedExperiences
        | Setting::AiTrainingOptOut => Err(Denial::Absent),
    }
}

fn may_change_own(setting: Setting, of_account: &AccountSettings) -> Result<(), Denial> {
    let only_where = |gate: Setting| if of_account.is_on(gate) { Ok(()) } else { Err(OFF_FOR_ACCOUNT) };
    match setting {
        Setting::AiTrainingOptOut => Ok(()),
        Setting::OptionalDiagnosticData => only_where(Setting::OptionalDiagnosticData),
        Setting::PersonalizedExperiences => only_where(Setting::PersonalizedUserExperiences),
        Setting::RequiredDiagnosticData
        | Setting::PersonalizedAccountExperiences
        | Setting::PersonalizedUserExperiences
        | Setting::SelfServiceRequests
        | Setting::DataResidency
        | Setting::AiTraining => Err(Denial::Absent),
    }
}

/// Whether the role acts for the whole account and not only for itself.
fn administers(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

fn only_administrators(role: Role, denial: Denial) -> Result<(), Denial> {
    if administers(role) { Ok(()) } else { Err(denial) }
}

const SELF_SERVICE_OFF: Denial = Denial::Refused {
    slug: "self-service-off",
    detail: "Your account does not let members request their own data. Contact your account administrator.",
};
const OTHERS: Denial = Denial::Refused {
    slug: "others-need-administrator",
    detail: "Members can request only their own data. Contact your account administrator.",
};
const DELETION: Denial = Denial::Refused {
    slug: "deletion-needs-administrator",
    detail: "Members cannot file deletions. Contact the owner of your account.",
};
const LISTS: Denial = Denial::Refused {
    slug: "upload-needs-administrator",
    detail: "Lists are uploaded by owners and admins. Ask for your own data with a JSON body.",
};
const RECEIPTS: Denial = Denial::Refused {
    slug: "receipt-needs-administrator",
    detail: "Receipts of deletions are for owners and admins. Contact the owner of your account.",
};
const ACCOUNT_SETTINGS: Denial = Denial::Refused {
    slug: "settings-need-administrator",
    detail: "The settings of the account are for its owners and admins. Yours are at /v1/settings/me.",
};
const LEDGER: Denial = Denial::Refused {
    slug: "ledger-needs-administrator",
    detail: "The ledger of the account is for its owners and admins. Contact your account administrator.",
};
const HOLDS: Denial = Denial::Refused {
    slug: "holds-need-administrator",
    detail: "Legal holds are for the owners and admins of the account. Contact your account administrator.",
};
const REQUIRED: Denial = Denial::Refused {
    slug: "required-diagnostic-data",
    detail: "Required diagnostic data keeps the service secure and working; it is always on.",
};
const OFF_FOR_ACCOUNT: Denial = Denial::Refused {
    slug: "off-for-account",
    detail: "Your account has this off. Contact your account administrator.",
};

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Absent => Self::not_found(),
            Denial::Refused { slug, detail } => Self::forbidden(slug, detail),
        }
    }
}

#[cfg(test)]
mod tests;
