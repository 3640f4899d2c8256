use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use csv::{Position, ReaderBuilder, StringRecord, Terminator, Trim, WriterBuilder};
use serde_json::Value;

use crate::{Action, EmailAddress, FieldError, Member, Request, Sealed, may, member_view, request_view};

/// The example that people fill in.
pub const TEMPLATE: &str = "email\r\nana@example.com\r\nbob@example.com\r\n";

/// The most lines looked at: a longer upload is a mistake.
const LINES_MAX: usize = 1_000;

/// Reads one address per line, and in which line it first is: with or without a byte order mark, a header
/// line, quotes and carriage returns. Every line that is none is an error.
pub(crate) fn addresses(csv: &[u8], errors: &mut Vec<FieldError>) -> BTreeMap<EmailAddress, u64> {
    let csv = csv.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(csv);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(csv);
    let mut people = BTreeMap::new();
    for (index, record) in reader.byte_records().enumerate() {
        if index > LINES_MAX {
            errors.push(FieldError::new("/subjects", format!("more than {LINES_MAX} lines")));
            return people;
        }
        // Reading from memory, flexibly and as bytes, the reader has nothing to refuse.
        let Ok(record) = record else { continue };
        let line = record.position().map_or(0, |position| line_of(csv, position));
        let Ok(record) = StringRecord::from_byte_record(record) else {
            errors.push(FieldError::in_line(line, "the line is not UTF-8"));
            continue;
        };
        let mut fields = record.iter();
        let address = fields.next().unwrap_or_default();
        if index == 0 && address.eq_ignore_ascii_case("email") && record.len() == 1 {
            continue;
        }
        if fields.next().is_some() {
            errors.push(FieldError::in_line(line, "the line has more than one column"));
            continue;
        }
        match EmailAddress::parse(address) {
            Ok(address) => {
                people.entry(address).or_insert(line);
            }
            Err(reason) => errors.push(FieldError::in_line(line, reason.to_string())),
        }
    }
    if people.is_empty() && errors.is_empty() {
        errors.push(FieldError::new("/subjects", "the upload names nobody: one address per line"));
    }
    people
}

/// The reader's position of a record lies before the empty lines that it skips.
fn line_of(csv: &[u8], position: &Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let skipped = csv.get(start..).unwrap_or_default().iter().take_while(|byte| b"\r\n".contains(byte));
    position.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
}

/// The columns of a history that owners and admins save.
const COLUMNS: [&str; 15] = [
    "id",
    "created_at",
    "kind",
    "status",
    "subjects",
    "requestor_name",
    "requestor_email",
    "data_types",
    "from",
    "to",
    "due_at",
    "ended_at",
    "failure",
    "revoke_possible",
    "download",
];

/// The columns of a history that members save.
const MEMBER_COLUMNS: [&str; 7] = ["id", "created_at", "from", "to", "status", "failure", "download"];

/// Requests as a table (RFC 4180), one in a line, as `member` may see them.
#[must_use]
pub fn history_csv(requests: &[Request], member: &Member, now: DateTime<Utc>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        // Writing to memory does not fail.
        writer.write_record(cells.into_iter().map(harmless)).is_ok()
    };
    let administers = may(member.role, Action::HandleAnyRequest).is_ok();
    let columns: &[&str] = if administers { &COLUMNS } else { &MEMBER_COLUMNS };
    write(columns.iter().map(|&column| column.to_owned()).collect());
    for request in requests {
        write(if administers { row(request, now) } else { member_row(request, now) });
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The columns of a ledger.
const LEDGER_COLUMNS: [&str; 13] = [
    "number",
    "at",
    "by",
    "role",
    "scope",
    "setting",
    "from",
    "to",
    "terms_version",
    "terms_sha256",
    "reason",
    "prev",
    "hash",
];

/// Entries of a ledger as a table, one change in a line.
#[must_use]
pub fn ledger_csv(entries: &[Sealed]) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut write = |cells: Vec<String>| writer.write_record(cells.into_iter().map(harmless)).is_ok();
    write(LEDGER_COLUMNS.iter().map(|&column| column.to_owned()).collect());
    for sealed in entries {
        let entry = sealed.view();
        let cell = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        for change in entry["changes"].as_array().into_iter().flatten() {
            let of_entry = |name: &str| cell(&entry[name]);
            let of_terms = |name: &str| cell(entry["terms"].get(name).unwrap_or(&Value::Null));
            write(vec![
                of_entry("number"),
                of_entry("at"),
                of_entry("by"),
                of_entry("role"),
                of_entry("scope"),
                cell(&change["setting"]),
                cell(&change["from"]),
                cell(&change["to"]),
                of_terms("version"),
                of_terms("sha256"),
                of_entry("reason"),
                of_entry("prev"),
                of_entry("hash"),
            ]);
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn row(request: &Request, now: DateTime<Utc>) -> Vec<String> {
    let view = request_view(request, now);
    let list = |items: Vec<&str>| items.join(" ");
    vec![
        request.id.to_string(),
        time(request.created_at),
        request.kind.to_string(),
        request.status.to_string(),
        list(request.subjects.iter().map(EmailAddress::as_str).collect()),
        request.requestor.name.clone(),
        request.requestor.email.as_str().to_owned(),
        list(request.data_types.iter().map(|data_type| data_type.as_str()).collect()),
        request.date_range.map(|range| range.from.to_string()).unwrap_or_default(),
        request.date_range.map(|range| range.to.to_string()).unwrap_or_default(),
        time(request.due_at),
        request.ended_at.map(time).unwrap_or_default(),
        request.failure.clone().unwrap_or_default(),
        view["revoke"]["possible"].to_string(),
        view["download"]["state"].as_str().unwrap_or_default().to_owned(),
    ]
}

fn member_row(request: &Request, now: DateTime<Utc>) -> Vec<String> {
    let view = member_view(request, now);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    vec![
        request.id.to_string(),
        text(&view["created_at"]),
        text(&view["date_range"]["from"]),
        text(&view["date_range"]["to"]),
        text(&view["status"]),
        text(&view["failure"]),
        text(&view["download"]["state"]),
    ]
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Spreadsheets take a cell that begins with one of these for a formula; the
/// apostrophe makes it a text (OWASP, "CSV Injection").
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(csv: &[u8]) -> (Vec<String>, Vec<Option<u64>>) {
        let mut errors = Vec::new();
        let people = addresses(csv, &mut errors);
        (people.into_keys().map(String::from).collect(), errors.iter().map(|error| error.line).collect())
    }

    #[test]
    fn one_list_in_every_dress() {
        for csv in [
            "a@x.example\nb@x.example\n",
            "a@x.example\r\nb@x.example",
            "email\na@x.example\nb@x.example\n",
            "\u{feff}Email\r\n\"a@x.example\"\r\n\"b@x.example\"\r\n",
            "\u{feff}a@x.example\n\n  B@X.example  \n\n",
            "a@x.example\nA@x.example\nb@x.example\n",
        ] {
            assert_eq!(
                read(csv.as_bytes()),
                (vec!["a@x.example".into(), "b@x.example".into()], vec![]),
                "{csv:?}"
            );
        }
    }

    #[test]
    fn every_bad_line_is_reported_by_its_number() {
        let csv = b"email\na@x.example\nnobody\nb@x.example,Bob\n\xff@x.example\n\nemail\n";
        assert_eq!(read(csv), (vec!["a@x.example".into()], vec![Some(3), Some(4), Some(5), Some(7)]));
    }

    #[test]
    fn an_empty_upload_is_an_error() {
        for csv in ["", "\u{feff}", "email\r\n", "\n\n"] {
            assert_eq!(read(csv.as_bytes()), (vec![], vec![None]), "{csv:?}");
        }
    }

    #[test]
    fn the_template_is_an_upload() {
        assert_eq!(read(TEMPLATE.as_bytes()).0.len(), 2);
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(cell.to_owned()), format!("'{cell}"));
        }
        assert_eq!(harmless("Ana = Bob".to_owned()), "Ana = Bob");
    }

    proptest! {
        #[test]
        fn no_upload_is_lost_in_silence(csv in prop::collection::vec(any::<u8>(), 0..200)) {
            let (people, errors) = read(&csv);
            prop_assert!(!people.is_empty() || !errors.is_empty());
        }
    }
}
