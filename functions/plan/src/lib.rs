//! Cuts a request into units of work.

use habeas_aws::WorkKeys;
use habeas_domain::Request;
use habeas_lambda::{TaskError, names};
use habeas_sources::DataMap;
use habeas_work::{Ground, RequestInput, Unit, UnitTask};
use serde::Serialize;

/// Where the plan lies.
#[derive(Debug, Serialize)]
pub struct Planned {
    units: String,
}

/// Writes the plan: one line per unit, for the Distributed Map to read.
pub async fn plan(ground: &Ground, input: &RequestInput) -> Result<Planned, TaskError> {
    let request = ground.request(&input.account, input.request).await?;
    let lines = lines(&units(&ground.map, &request))?;
    let key = WorkKeys::new(request.id).units();
    ground.work.put(&key, lines.into_bytes(), "application/jsonl").await?;
    Ok(Planned { units: key })
}

/// One unit for each person: a small request stays a handful of state
/// transitions, and people are worked on side by side.
fn units(map: &DataMap, request: &Request) -> Vec<Unit> {
    let unit = |(number, subject): (usize, &habeas_domain::EmailAddress)| Unit {
        unit: format!("{:04}", number + 1),
        tasks: map
            .of_types(&request.data_types)
            .map(|source| UnitTask { subject: subject.clone(), source: source.name.clone() })
            .collect(),
    };
    request.subjects.iter().enumerate().map(unit).collect()
}

fn lines(units: &[Unit]) -> Result<String, TaskError> {
    let mut lines = String::new();
    for unit in units {
        let line = serde_json::to_string(unit).map_err(|error| {
            TaskError::new(names::INCOMPLETE, "The plan cannot be written.").because(error)
        })?;
        push_ascii(&line, &mut lines);
        lines.push('\n');
    }
    Ok(lines)
}

/// Readers of JSON Lines differ in what they take for the end of a line, so
/// everything beyond ASCII is escaped.
fn push_ascii(json: &str, to: &mut String) {
    for character in json.chars() {
        if character.is_ascii() {
            to.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                to.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_plan_is_ascii_and_means_the_same() {
        let text = serde_json::to_string("über\u{2028}😀@cedar.example").unwrap();
        let mut ascii = String::new();
        push_ascii(&text, &mut ascii);
        assert!(ascii.is_ascii());
        assert_eq!(
            serde_json::from_str::<String>(&ascii).unwrap(),
            serde_json::from_str::<String>(&text).unwrap()
        );
    }
}
