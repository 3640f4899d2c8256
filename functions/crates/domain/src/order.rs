use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{DataType, DateRange, EmailAddress, FieldError, Kind, Problem};

/// The most people one request may be about.
pub const SUBJECTS_MAX: usize = 50;

/// The most addresses looked at before de-duplication: a longer list is a mistake.
const ADDRESSES_MAX: usize = 1_000;

/// What a client asks for, checked as far as that is possible without knowing who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub kind: Kind,
    /// De-duplicated, in order of address, 1 to 50.
    pub subjects: Vec<EmailAddress>,
    /// In a fixed order, at least one.
    pub data_types: Vec<DataType>,
    pub date_range: Option<DateRange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: Kind,
    subjects: Vec<String>,
    data_types: Option<Vec<DataType>>,
    date_range: Option<DateRange>,
    confirm: Option<bool>,
}

impl Order {
    /// Reads the body of `POST /v1/requests`. What is no JSON of the right
    /// shape is a 400 that names the place; values that are not acceptable are
    /// a 422 that lists all of them.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let body: Body = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let pointer = pointer(error.path());
            let detail = error.inner().to_string();
            Problem::malformed(format!("The body is not a request: {detail}."))
                .with(vec![FieldError::new(pointer, detail)])
        })?;
        reader.end().map_err(|error| Problem::malformed(format!("The body is not a request: {error}.")))?;
        body.check()
    }
}

impl Body {
    fn check(self) -> Result<Order, Problem> {
        let mut errors = Vec::new();
        let subjects = subjects(&self.subjects, &mut errors);
        let data_types: BTreeSet<_> = match self.data_types {
            Some(chosen) => chosen.into_iter().collect(),
            None => DataType::ALL.into_iter().collect(),
        };
        if data_types.is_empty() {
            errors.push(FieldError::new(
                "/data_types",
                "name at least one data type, or leave the field out for all of them",
            ));
        }
        match self.kind {
            Kind::Export => check_export(self.date_range, self.confirm, &mut errors),
            Kind::Delete => check_delete(self.date_range, self.confirm, &mut errors),
        }
        if errors.is_empty() {
            Ok(Order {
                kind: self.kind,
                subjects,
                data_types: data_types.into_iter().collect(),
                date_range: self.date_range,
            })
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

fn subjects(texts: &[String], errors: &mut Vec<FieldError>) -> Vec<EmailAddress> {
    if texts.len() > ADDRESSES_MAX {
        errors.push(FieldError::new("/subjects", format!("more than {ADDRESSES_MAX} addresses")));
        return Vec::new();
    }
    let mut people = BTreeSet::new();
    for (index, text) in texts.iter().enumerate() {
        match EmailAddress::parse(text) {
            Ok(address) => {
                people.insert(address);
            }
            Err(reason) => errors.push(FieldError::new(format!("/subjects/{index}"), reason.to_string())),
        }
    }
    if texts.is_empty() {
        errors.push(FieldError::new("/subjects", "name at least one person"));
    }
    if people.len() > SUBJECTS_MAX {
        errors.push(FieldError::new(
            "/subjects",
            format!("{} people; one request takes at most {SUBJECTS_MAX}", people.len()),
        ));
    }
    people.into_iter().collect()
}

fn check_export(range: Option<DateRange>, confirm: Option<bool>, errors: &mut Vec<FieldError>) {
    if range.is_some_and(|range| range.to < range.from) {
        errors.push(FieldError::new("/date_range/to", "the range ends before it starts"));
    }
    if confirm.is_some() {
        errors.push(FieldError::new("/confirm", "only a deletion is confirmed; leave the field out"));
    }
}

fn check_delete(range: Option<DateRange>, confirm: Option<bool>, errors: &mut Vec<FieldError>) {
    if range.is_some() {
        errors.push(FieldError::new("/date_range", "a deletion is about all days; leave the field out"));
    }
    if confirm != Some(true) {
        errors.push(FieldError::new(
            "/confirm",
            "a deletion cannot be undone once it has started: confirm it with true",
        ));
    }
}

/// The place of a serde error as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: &serde_json::Value) -> Result<Order, Problem> {
        Order::parse(body.to_string().as_bytes())
    }

    fn pointers(problem: &Problem) -> Vec<&str> {
        problem.errors.iter().map(|error| error.pointer.as_str()).collect()
    }

    #[test]
    fn all_data_types_are_meant_where_none_is_named() {
        let order = parse(&json!({"kind": "export", "subjects": ["ana@amber.example"]})).unwrap();
        assert_eq!(order.data_types, DataType::ALL);
    }

    #[test]
    fn people_are_counted_after_removing_duplicates() {
        let same = vec![" Ana@amber.example"; 51];
        let order = parse(&json!({"kind": "export", "subjects": same})).unwrap();
        assert_eq!(order.subjects.len(), 1);
    }

    #[test]
    fn the_fifty_first_person_refuses_the_whole_request() {
        let people = |n: usize| (0..n).map(|i| format!("p{i}@amber.example")).collect::<Vec<_>>();
        assert!(parse(&json!({"kind": "export", "subjects": people(50)})).is_ok());
        let problem = parse(&json!({"kind": "export", "subjects": people(51)})).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec!["/subjects"]));
    }

    #[test]
    fn every_bad_value_is_reported_in_one_answer() {
        let problem = parse(&json!({
            "kind": "export", "subjects": ["ana@amber.example", "nobody", ""], "data_types": [],
            "date_range": {"from": "2026-02-01", "to": "2026-01-31"}, "confirm": true,
        }))
        .unwrap_err();
        assert_eq!(
            pointers(&problem),
            ["/subjects/1", "/subjects/2", "/data_types", "/date_range/to", "/confirm"]
        );
    }

    #[test]
    fn a_body_of_another_shape_is_named_by_its_place() {
        for (body, pointer) in [
            (json!({"kind": "export", "subjects": "ana@amber.example"}), "/subjects"),
            (json!({"kind": "copy", "subjects": []}), "/kind"),
            (json!({"kind": "export", "subjects": ["a@b.example", 7]}), "/subjects/1"),
            (json!({"kind": "export", "subjects": [], "urgent": true}), "/urgent"),
            (
                json!({"kind": "export", "subjects": [], "date_range": {"from": "2026-13-01", "to": "2026-01-01"}}),
                "/date_range/from",
            ),
        ] {
            let problem = parse(&body).unwrap_err();
            assert_eq!((problem.status, pointers(&problem)), (400, vec![pointer]), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_malformed() {
        for body in ["", "{", "[]x", "null"] {
            assert_eq!(Order::parse(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
    }

    #[test]
    fn a_deletion_must_be_confirmed_and_has_no_range() {
        let subjects = ["ana@amber.example"];
        assert!(parse(&json!({"kind": "delete", "subjects": subjects, "confirm": true})).is_ok());
        for confirm in [json!(null), json!(false)] {
            let problem =
                parse(&json!({"kind": "delete", "subjects": subjects, "confirm": confirm})).unwrap_err();
            assert_eq!((problem.status, pointers(&problem)), (422, vec!["/confirm"]));
        }
        let range = json!({"from": "2026-01-01", "to": "2026-01-31"});
        let problem =
            parse(&json!({"kind": "delete", "subjects": subjects, "confirm": true, "date_range": range}))
                .unwrap_err();
        assert_eq!(pointers(&problem), ["/date_range"]);
    }
}
