//! Data maps over a few tables, in the words that an operator writes them in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::answers::FUNCTION;
use crate::files::{BUCKET, prefix};
use crate::records::PEOPLE;
use crate::tables::Table;

/// What a mask puts in a field's place.
pub(crate) const CONSTANT: &str = "nobody";

const IDENTITY: &str = r#"
[[identity]]
id = "user_id"
account_field = "account"
find_field = "email"
id_field = "user"
dynamodb = { table = "users", key = ["email", "row"] }
"#;

/// By which of their ids people are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Address,
    UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Key,
    Index,
    Scan {
        parts: u32,
    },
    /// Objects by their keys.
    Prefix,
    /// By what leads there alone: objects whose keys records have.
    Lead,
}

/// What becomes of a source's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    Delete,
    Mask(Mask),
    /// `anonymise_shared`, by what another source says.
    Shared {
        with: &'static str,
        mask: Mask,
    },
    Retain,
}

pub(crate) type Mask = BTreeMap<&'static str, Masked>;

/// What a mask makes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Masked {
    Removed,
    Null,
    Constant,
    Pseudonym,
    /// To so many characters.
    Cut(usize),
}

/// A source.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) table: Table,
    /// Says whose a record is, by an id of this kind.
    pub(crate) field: &'static str,
    pub(crate) by: By,
    pub(crate) how: How,
    /// The source that leads here, and the field that does.
    pub(crate) through: Option<(&'static str, &'static str)>,
    pub(crate) rule: Rule,
}

#[derive(Debug, Clone)]
pub(crate) struct Map {
    pub(crate) entries: Vec<Entry>,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Address => "email",
            Self::UserId => "user_id",
        }
    }

    /// What stands for one of the people, or for none of them.
    pub(crate) fn text(self, who: usize) -> String {
        match self {
            Self::Address => PEOPLE[who].to_owned(),
            Self::UserId => format!("user-{who}"),
        }
    }
}

impl Rule {
    pub(crate) fn mask(&self) -> Option<&Mask> {
        match self {
            Self::Mask(mask) | Self::Shared { mask, .. } => Some(mask),
            Self::Delete | Self::Retain => None,
        }
    }

    pub(crate) fn also_masks(&mut self, field: &'static str, how: Masked) {
        if let Self::Mask(mask) | Self::Shared { mask, .. } = self {
            mask.insert(field, how);
        }
    }

    fn toml(&self) -> String {
        match self {
            Self::Delete => r#"{ rule = "delete" }"#.to_owned(),
            Self::Mask(mask) => format!(r#"{{ rule = "mask", {} }}"#, words_of(mask)),
            Self::Shared { with, mask } => {
                format!(r#"{{ rule = "anonymise_shared", shared_with = "{with}", {} }}"#, words_of(mask))
            }
            Self::Retain => r#"{ rule = "retain", reason = "§ 147 AO" }"#.to_owned(),
        }
    }
}

fn words_of(mask: &Mask) -> String {
    let removed = mask.iter().filter(|(_, how)| **how == Masked::Removed).map(|(field, _)| *field);
    let removed = json!(removed.collect::<Vec<_>>());
    let replaced = mask.iter().filter_map(|(field, how)| {
        let how = match how {
            Masked::Removed => return None,
            Masked::Null => r#""null""#.to_owned(),
            Masked::Constant => format!(r#"{{ constant = "{CONSTANT}" }}"#),
            Masked::Pseudonym => r#""pseudonym""#.to_owned(),
            Masked::Cut(chars) => format!("{{ truncate = {chars} }}"),
        };
        Some(format!("{field} = {how}"))
    });
    let replaced = replaced.collect::<Vec<_>>().join(", ");
    format!("remove = {removed}, fields = {{ {replaced} }}")
}

impl Entry {
    /// In how many parts its table is read.
    pub(crate) fn parts(&self) -> u32 {
        match self.how {
            How::Scan { parts } => parts,
            How::Key | How::Index | How::Prefix | How::Lead => 1,
        }
    }

    /// Whether the check lets files be found through it: it is read by a key or an index.
    pub(crate) fn can_lead_to_files(&self) -> bool {
        // Leads are read one by one, which the database in memory does badly with cards.
        let is_read_one_by_one = self.table.is_dynamodb() && self.table != Table::Cards;
        is_read_one_by_one && matches!(self.how, How::Key | How::Index) && self.through.is_none()
    }

    fn toml(&self) -> String {
        let (name, find, rule) = (&self.name, self.find(), self.rule.toml());
        let (table, key) = (self.table.name(), json!(self.table.key()));
        let place = match self.table {
            Table::Files => format!(r#"s3 = {{ bucket = "{BUCKET}" }}"#),
            Table::Answers => format!(r#"lambda = {{ function = "{FUNCTION}", key = {key} }}"#),
            _ => format!(r#"dynamodb = {{ table = "{table}", key = {key} }}"#),
        };
        let account = if self.table == Table::Files { "" } else { "account_field = \"account\"\n" };
        let scan = match self.how {
            How::Scan { parts } => format!("allow_scan = true\nscan_parts = {parts}\n"),
            How::Key | How::Index | How::Prefix | How::Lead => String::new(),
        };
        format!(
            r#"
[[source]]
name = "{name}"
data_type = "meetings"
{account}{scan}{place}
find = [{find}]
erase = {rule}
"#
        )
    }

    fn find(&self) -> String {
        let (field, id) = (self.field, self.by.name());
        let own = match self.how {
            How::Key | How::Scan { .. } => format!(r#"{{ subject_field = "{field}", id = "{id}" }}"#),
            How::Index => format!(r#"{{ subject_field = "{field}", id = "{id}", index = "by-who" }}"#),
            How::Prefix => format!(r#"{{ prefix = "{}" }}"#, prefix("{account}", &format!("{{{id}}}"))),
            How::Lead => String::new(),
        };
        let through =
            self.through.map(|(source, field)| format!(r#"{{ through = "{source}", field = "{field}" }}"#));
        let rules: Vec<_> = [own].into_iter().filter(|own| !own.is_empty()).chain(through).collect();
        rules.join(", ")
    }
}

impl Map {
    pub(crate) fn toml(&self) -> String {
        let identity = if self.has_ids() { IDENTITY } else { "" };
        let sources: String = self.entries.iter().map(Entry::toml).collect();
        format!("version = 1\n{identity}{sources}")
    }

    /// Whether anything is found by what follows from addresses.
    pub(crate) fn has_ids(&self) -> bool {
        self.entries.iter().any(|entry| entry.by == By::UserId)
    }

    /// The tables that have records, each once.
    pub(crate) fn tables(&self) -> Vec<Table> {
        let tables: BTreeSet<_> = self.entries.iter().map(|entry| entry.table).collect();
        tables.into_iter().filter(|table| !matches!(table, Table::Users | Table::Files)).collect()
    }

    pub(crate) fn entry(&self, name: &str) -> &Entry {
        self.entries.iter().find(|entry| entry.name == name).unwrap()
    }

    fn of_files(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.table == Table::Files)
    }

    pub(crate) fn has_files(&self) -> bool {
        self.of_files().next().is_some()
    }

    /// By which of their ids objects are somebody's.
    pub(crate) fn prefix_by(&self) -> By {
        let mut prefixes = self.of_files().filter(|entry| entry.how == How::Prefix);
        prefixes.next().map_or(By::Address, |entry| entry.by)
    }

    /// The field of a table's records that leads to files.
    pub(crate) fn leads_to_files(&self, table: Table) -> Option<&'static str> {
        let mut leads = self.of_files().filter_map(|entry| entry.through);
        leads.find_map(|(parent, field)| (self.entry(parent).table == table).then_some(field))
    }

    /// Which kind of id a field of a table holds.
    pub(crate) fn by(&self, table: Table, field: &str) -> By {
        let of = |entry: &&Entry| entry.table == table && entry.field == field;
        self.entries.iter().find(of).map_or(By::Address, |entry| entry.by)
    }

    /// Whether a field is masked by the start of its text.
    pub(crate) fn cuts(&self, table: Table, field: &str) -> bool {
        let masks = self.entries.iter().filter(|entry| entry.table == table);
        let mut masks = masks.filter_map(|entry| entry.rule.mask()?.get(field));
        masks.any(|how| matches!(how, Masked::Cut(_)))
    }
}
