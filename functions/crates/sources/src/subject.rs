use habeas_domain::{AccountId, DateRange, EmailAddress};

/// Whose records are looked for, in which account, of which days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub email: EmailAddress,
    /// Only records of this account are the account's to export or erase.
    pub account: AccountId,
    pub range: Option<DateRange>,
}
