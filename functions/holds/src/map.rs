use habeas_domain::{FieldError, HELD_FIELD_BYTES_MAX};
use habeas_sources::{Address, DataMap, Erase, Source};

/// What is wrong with holding records of a source by a field. Only where a
/// deletion erases records one by one, and can look at their fields, can some of
/// them be held.
pub(crate) fn wrong(map: &DataMap, source: &str, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let found = map.sources().find(|known| known.name == source && has_erasable_records(known));
    if found.is_none() {
        let known: Vec<_> = map.sources().filter(|source| has_erasable_records(source)).collect();
        let known: Vec<_> = known.iter().map(|source| source.name.as_str()).collect();
        let detail = match known[..] {
            [] => "no source has records that can be held".to_owned(),
            _ => format!("the sources whose records can be held are {}", known.join(", ")),
        };
        errors.push(FieldError::new("/source", detail));
    }
    if !(1..=HELD_FIELD_BYTES_MAX).contains(&field.len()) || field.chars().any(char::is_control) {
        let detail =
            format!("the name of a field has 1 to {HELD_FIELD_BYTES_MAX} bytes, and no control character");
        errors.push(FieldError::new("/field", detail));
    } else if found.is_some_and(|source| source.security_fields.iter().any(|secret| secret == field)) {
        let detail = "nothing is held by a password, a key or a token; name another field";
        errors.push(FieldError::new("/field", detail));
    }
    errors
}

fn has_erasable_records(source: &Source) -> bool {
    matches!(source.address, Address::DynamoDb(_)) && !matches!(source.erase, Erase::Retain { .. })
}
