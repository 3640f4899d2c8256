use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem};
use habeas_domain::{
    Account, AccountId, AccountSettings, EmailAddress, Head, Member, Relocation, Revised, Revision, Sealed,
    Settings, Standing, StoreError,
};

use crate::Table;
use crate::directory::member_of;
use crate::error::{corrupt, unavailable};
use crate::keys::{
    CONSENTS, Item, LEDGERS, UNTOLD, account_key, account_settings_key, entry_key, ledger_head_key,
    ledger_key, member_key, member_settings_key, relocation_key, text,
};
use crate::table::{moment, parsed, take};

/// An account, what has been chosen for it, where its ledger ends, and the last
/// move of its archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    pub account: Account,
    pub settings: AccountSettings,
    pub head: Head,
    pub relocation: Option<Relocation>,
}

impl Settings for Table {
    async fn standing(&self, email: &EmailAddress) -> Result<Option<Standing>, StoreError> {
        let mut rows = self.read_all(vec![member_key(email), member_settings_key(email)]).await?;
        let own = take(&mut rows, &member_settings_key(email)).map(parsed).transpose()?.unwrap_or_default();
        let Some(member) = rows.pop().map(member_of).transpose()?.flatten() else { return Ok(None) };
        let house = self.household(&member.account).await?;
        Ok(house.map(|Household { account, settings, head, relocation }| Standing {
            member,
            own,
            account,
            settings,
            head,
            relocation,
        }))
    }

    /// The head of the ledger, the entry and the settings, each on the condition
    /// that it follows what was seen; and nothing where what the decision rests
    /// on is not what it was. Reads of several rows are no snapshot, so each is
    /// a condition of its own.
    async fn revise(&self, revision: &Revision) -> Result<(), StoreError> {
        let mut puts =
            vec![self.head_put(revision)?, self.entry_put(revision)?, self.settings_put(revision)?];
        if revision.seen.number == 0 {
            puts.push(self.ledger_put(&revision.entry.account)?);
        }
        let mut writes: Vec<_> =
            puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
        if let Some(relocation) = Relocation::after(&revision.entry) {
            writes.push(TransactWriteItem::builder().update(self.relocation_begun(&relocation)?).build());
        }
        if let Some(witness) = &revision.witness {
            let account = &witness.account;
            let mut checks = vec![self.member_check(&witness.member)?, self.account_check(account)?];
            if let Some(version) = witness.settings_version {
                checks.push(self.version_check(&account.id, version)?);
            }
            let checks = checks.into_iter();
            writes.extend(checks.map(|check| TransactWriteItem::builder().condition_check(check).build()));
        }
        self.transact(writes).await
    }

    async fn entries(
        &self,
        account: &AccountId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, Sealed)>, StoreError> {
        self.newest_entries(account, before, limit).await
    }
}

impl Table {
    /// An account and all that is kept beside it. One read.
    pub async fn household(&self, account: &AccountId) -> Result<Option<Household>, StoreError> {
        let keys = [
            account_key(account),
            account_settings_key(account),
            ledger_head_key(account),
            relocation_key(account),
        ];
        let mut rows = self.read_all(keys.to_vec()).await?;
        let [profile, settings, head, relocation] = keys.map(|key| take(&mut rows, &key));
        let Some(profile) = profile else { return Ok(None) };
        Ok(Some(Household {
            account: parsed(profile)?,
            settings: settings.map(parsed).transpose()?.unwrap_or_default(),
            head: head.map(parsed).transpose()?.unwrap_or_default(),
            relocation: relocation.map(parsed).transpose()?,
        }))
    }

    fn head_put(&self, revision: &Revision) -> Result<Put, StoreError> {
        let (entry, seen) = (&revision.entry, &revision.seen);
        let mut item = ledger_head_key(&entry.account);
        item.insert("number".to_owned(), number(entry.number));
        item.insert("hash".to_owned(), text(revision.sealed.hash.as_str()));
        let put = self.put(item);
        let put = if seen.number == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#number = :number AND #hash = :hash")
                .expression_attribute_names("#number", "number")
                .expression_attribute_names("#hash", "hash")
                .expression_attribute_values(":number", number(seen.number))
                .expression_attribute_values(":hash", text(seen.hash.as_str()))
        };
        put.build().map_err(unavailable)
    }

    fn entry_put(&self, revision: &Revision) -> Result<Put, StoreError> {
        let entry = &revision.entry;
        let mut item: Item = serde_dynamo::to_item(&revision.sealed).map_err(corrupt)?;
        item.extend(entry_key(&entry.account, entry.number));
        if entry.is_about_consent() {
            item.insert("queue".to_owned(), text(UNTOLD));
            item.insert("queue_at".to_owned(), text(moment(entry.at)));
        }
        self.put(item).condition_expression("attribute_not_exists(pk)").build().map_err(unavailable)
    }

    /// That an account has a ledger is written once: a row that every change
    /// rewrites would put all changes of all accounts into one part of the index.
    fn ledger_put(&self, account: &AccountId) -> Result<Put, StoreError> {
        let mut item = ledger_key(account);
        item.insert("account_id".to_owned(), text(account.as_str()));
        item.insert("queue".to_owned(), text(LEDGERS));
        item.insert("queue_at".to_owned(), text(account.as_str()));
        self.put(item).build().map_err(unavailable)
    }

    fn settings_put(&self, revision: &Revision) -> Result<Put, StoreError> {
        let account = &revision.entry.account;
        let (item, version) = match &revision.settings {
            Revised::Account(settings) => {
                let mut item: Item = serde_dynamo::to_item(settings).map_err(corrupt)?;
                item.extend(account_settings_key(account));
                item.insert("account_id".to_owned(), text(account.as_str()));
                if settings.consents() {
                    item.insert("queue".to_owned(), text(CONSENTS));
                    item.insert("queue_at".to_owned(), text(account.as_str()));
                }
                (item, settings.version)
            }
            Revised::Member(email, settings) => {
                let mut item: Item = serde_dynamo::to_item(settings).map_err(corrupt)?;
                item.extend(member_settings_key(email));
                (item, settings.version)
            }
        };
        let put = self.put(item);
        let put = if version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :seen")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":seen", number(version - 1))
        };
        put.build().map_err(unavailable)
    }

    fn member_check(&self, member: &Member) -> Result<ConditionCheck, StoreError> {
        let role = serde_dynamo::to_attribute_value(member.role).map_err(corrupt)?;
        ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(member_key(&member.email)))
            .condition_expression("account_id = :account AND #role = :role")
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":account", text(member.account.as_str()))
            .expression_attribute_values(":role", role)
            .build()
            .map_err(unavailable)
    }

    pub(crate) fn version_check(
        &self,
        account: &AccountId,
        version: u64,
    ) -> Result<ConditionCheck, StoreError> {
        let check =
            ConditionCheck::builder().table_name(&self.name).set_key(Some(account_settings_key(account)));
        let check = if version == 0 {
            check.condition_expression("attribute_not_exists(pk)")
        } else {
            check
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(version))
        };
        check.build().map_err(unavailable)
    }

    fn account_check(&self, account: &Account) -> Result<ConditionCheck, StoreError> {
        let plan = serde_dynamo::to_attribute_value(account.plan).map_err(corrupt)?;
        ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(account_key(&account.id)))
            .condition_expression("#plan = :plan AND country = :country")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":plan", plan)
            .expression_attribute_values(":country", text(account.country.as_str()))
            .build()
            .map_err(unavailable)
    }
}

pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
