use std::collections::BTreeMap;

use serde_json::Value;

use crate::canonical::{attribute, attribute_json};

/// The documents with the survey answers of all accounts, one a month: their
/// folder, and the beginning of their keys in the bucket.
pub(crate) const PREFIX: &str = "surveys/";

/// What the answers are called where they stand beside the tables, as the data map calls them.
pub(crate) const ANSWERS: &str = "survey_answers";

/// A document as if it were a table: each answer's key, which is a JSON array of
/// the document and the id, to the answer (canonical JSON).
pub(crate) type Answers = BTreeMap<String, String>;

/// Whether an object is such a document.
pub(crate) fn is_document(key: &str) -> bool {
    key.starts_with(PREFIX) && key.ends_with(".json")
}

/// Reads a document; where it is none, says what is wrong with it.
pub(crate) fn answers(document: &str, bytes: &[u8]) -> Result<Answers, String> {
    let list: Vec<Value> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mut answers = Answers::new();
    for (number, answer) in (1..).zip(list) {
        let Some(id) = answer["answer_id"].as_str().map(str::to_owned) else {
            return Err(format!("answer {number} has no answer_id"));
        };
        let key = Value::from(vec![document, id.as_str()]).to_string();
        let answer = attribute_json(&attribute(answer)).map_err(|error| format!("answer {id}: {error}"))?;
        if answers.insert(key, answer).is_some() {
            return Err(format!("answer {id} is there twice"));
        }
    }
    Ok(answers)
}

/// Answers of the present documents, and those that only an older version has
/// still, at `<key>@<version>`. An older version that repeats the present one adds nothing.
pub(crate) fn together(documents: Vec<(Option<String>, Answers)>) -> Answers {
    let (present, older): (Vec<_>, Vec<_>) =
        documents.into_iter().partition(|(version, _)| version.is_none());
    let present: Answers = present.into_iter().flat_map(|(_, answers)| answers).collect();
    let mut all = present.clone();
    for (version, answers) in older {
        let version = version.unwrap_or_default();
        let gone = answers.into_iter().filter(|(key, answer)| present.get(key) != Some(answer));
        all.extend(gone.map(|(key, answer)| (format!("{key}@{version}"), answer)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARCH: &str = "surveys/2026-03.json";

    fn read(text: &str) -> Answers {
        answers(MARCH, text.as_bytes()).unwrap()
    }

    #[test]
    fn a_document_is_read_as_rows_whatever_its_order_and_its_spaces() {
        let one = read(r#"[{"answer_id": "A-1", "score": 7}, {"answer_id": "A-2"}]"#);
        let other = read("[\n{\"answer_id\":\"A-2\"},\n{\"score\":7,\"answer_id\":\"A-1\"}\n]\n");
        assert_eq!(one, other);
        assert_eq!(one[r#"["surveys/2026-03.json","A-1"]"#], r#"{"answer_id":"A-1","score":7}"#);
    }

    #[test]
    fn what_is_no_document_says_why() {
        for (text, problem) in [
            ("{}", "expected a sequence"),
            ("[{}]", "answer 1 has no answer_id"),
            ("[7]", "answer 1 has no answer_id"),
            (r#"[{"answer_id":"A-1"},{"answer_id":"A-1"}]"#, "twice"),
        ] {
            let found = answers(MARCH, text.as_bytes()).unwrap_err();
            assert!(found.contains(problem), "{found}");
        }
    }

    #[test]
    fn an_older_version_shows_only_what_the_present_one_has_no_more() {
        let older = read(r#"[{"answer_id":"A-1"},{"answer_id":"A-2"},{"answer_id":"A-3","score":1}]"#);
        let present = read(r#"[{"answer_id":"A-2"},{"answer_id":"A-3","score":2}]"#);
        let all = together(vec![(None, present.clone()), (Some("v1".into()), older)]);
        let added: Vec<_> = all.keys().filter(|key| !present.contains_key(*key)).collect();
        assert_eq!(added, [r#"["surveys/2026-03.json","A-1"]@v1"#, r#"["surveys/2026-03.json","A-3"]@v1"#]);
    }

    #[test]
    fn only_documents_are_documents() {
        assert!(is_document(MARCH));
        assert!(!is_document("surveys/") && !is_document("backgrounds/surveys/a.json"));
    }
}
