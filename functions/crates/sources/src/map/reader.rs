use std::fmt;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something wrong in the text of a data map, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Both counted from 1.
    pub line: usize,
    pub column: usize,
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// Collects everything that is wrong, instead of stopping at the first.
pub(super) struct Reader<'t> {
    text: &'t str,
    found: Vec<(usize, String)>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub(super) fn wrong(&mut self, at: &Range<usize>, what: impl Into<String>) {
        self.found.push((at.start, what.into()));
    }

    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// What was found, in the order of the text.
    pub(super) fn mistakes(mut self) -> Vec<Mistake> {
        self.found.sort();
        let place = |start: usize| {
            let before = self.text.get(..start).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            (before.matches('\n').count() + 1, line.chars().count() + 1)
        };
        let found = self.found.iter().map(|(start, what)| (place(*start), what.clone()));
        found.map(|((line, column), what)| Mistake { line, column, what }).collect()
    }

    fn expected(&mut self, what: &str, value: &Value<'_>) {
        let found = value.get_ref().type_str();
        self.wrong(&value.span(), format!("expected {what}, found {} {found}", article(found)));
    }

    pub(super) fn text(&mut self, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.is_empty() => Some(text.to_string()),
            DeValue::String(_) => {
                self.wrong(&value.span(), "expected a text that is not empty");
                None
            }
            _ => {
                self.expected("a text", value);
                None
            }
        }
    }

    pub(super) fn flag(&mut self, value: &Value<'_>) -> Option<bool> {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.expected("true or false", value);
        }
        flag
    }

    pub(super) fn whole(&mut self, value: &Value<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse().ok());
        let fits = number.filter(|number| range.contains(number));
        if fits.is_none() {
            let what = format!("expected a whole number from {} to {}", range.start(), range.end());
            self.wrong(&value.span(), what);
        }
        fits
    }

    pub(super) fn one_of<T: Copy>(&mut self, value: &Value<'_>, names: &[(&str, T)]) -> Option<T> {
        let text = self.text(value)?;
        let found = names.iter().find(|(name, _)| *name == text).map(|(_, named)| *named);
        if found.is_none() {
            let names: Vec<_> = names.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            self.wrong(&value.span(), format!("expected {}, found \"{text}\"", names.join(", ")));
        }
        found
    }

    /// All values of a list that can be read.
    pub(super) fn list<T>(
        &mut self,
        value: &Value<'_>,
        of: &str,
        mut read: impl FnMut(&mut Self, &Value<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(values) = value.get_ref().as_array() else {
            self.expected(&format!("a list of {of}"), value);
            return None;
        };
        Some(values.iter().filter_map(|value| read(self, value)).collect())
    }

    pub(super) fn texts(&mut self, value: &Value<'_>) -> Option<Vec<String>> {
        self.list(value, "texts", |reader, value| reader.text(value))
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// A table that is read field by field; in the end, what nobody asked for is unknown.
pub(super) struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    at: Range<usize>,
    what: &'static str,
    asked: Vec<&'static str>,
}

impl<'a, 'i> Fields<'a, 'i> {
    pub(super) fn of(value: &'a Value<'i>, what: &'static str, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            reader.expected(&format!("{what}, which is a table"), value);
            return None;
        };
        Some(Self { table, at: value.span(), what, asked: Vec::new() })
    }

    pub(super) fn of_root(table: &'a Spanned<DeTable<'i>>) -> Self {
        Self { table: table.get_ref(), at: 0..0, what: "a data map", asked: Vec::new() }
    }

    /// Names the table more closely, once it is known what it is.
    pub(super) fn call(&mut self, what: &'static str) {
        self.what = what;
    }

    pub(super) fn get(&mut self, name: &'static str) -> Option<&'a Value<'i>> {
        self.asked.push(name);
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
    }

    /// A field that has to be there; `meaning` says what for.
    pub(super) fn required(
        &mut self,
        name: &'static str,
        meaning: &str,
        reader: &mut Reader<'_>,
    ) -> Option<&'a Value<'i>> {
        let found = self.get(name);
        if found.is_none() {
            reader.wrong(&self.at, format!("{} needs `{name}`: {meaning}", self.what));
        }
        found
    }

    /// All fields of a table whose names the operator chooses.
    pub(super) fn all(self) -> impl Iterator<Item = (&'a str, &'a Value<'i>)> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), value))
    }

    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if !self.asked.contains(&name) {
                let known = self.asked.join("`, `");
                reader.wrong(&key.span(), format!("{} has no field `{name}`; it has `{known}`", self.what));
            }
        }
    }
}
