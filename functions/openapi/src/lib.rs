//! `GET /v1/openapi.json`: says what the API is.

use habeas_lambda::{Call, Fault, Reply};

/// The description that the API's tests go by.
pub const DESCRIPTION: &str = include_str!("../../../infra/openapi.json");

/// Answers everybody alike: there is nothing of anybody in it.
pub fn answer(call: &Call) -> Result<Reply, Fault> {
    call.only_queries(&[])?;
    Ok(Reply::document(DESCRIPTION))
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{call, events, reply};
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_event_is_answered_or_refused_as_its_name_says() {
        for event in events("openapi") {
            let status = reply(answer(&call(&event.text))).status();
            assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
        }
    }

    #[test]
    fn the_description_is_an_openapi_document_of_this_version() {
        let document: Value = serde_json::from_str(DESCRIPTION).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn every_route_of_the_template_is_described_and_nothing_else() {
        let document: Value = serde_json::from_str(DESCRIPTION).unwrap();
        let mut described = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                if ["get", "post", "patch", "put", "delete"].contains(&method.as_str()) {
                    described.push(format!("{} {path}", method.to_uppercase()));
                }
            }
        }
        let template = include_str!("../../../infra/template.yaml");
        let mut routes: Vec<_> =
            template.lines().filter_map(|line| line.trim().strip_prefix("RouteKey: ")).collect();
        described.sort();
        routes.sort_unstable();
        assert_eq!(described, routes);
    }
}
