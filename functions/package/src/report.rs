use std::collections::BTreeMap;

use chrono::SecondsFormat;
use habeas_archive::{
    DateRange, Excluded, Identifier, Information, PlannedSource, RequestReport, SearchPlan, Subject,
};
use habeas_domain::Request;
use habeas_sources::{DataMap, LinkedId};
use habeas_work::People;

/// What an export set out to search, by the request and the data map.
pub(crate) fn plan(request: &Request, people: &People<'_>, map: &DataMap) -> SearchPlan {
    SearchPlan {
        subjects: request.subjects.iter().map(|subject| subject.as_str().into()).collect(),
        identifiers: identifiers(request, people),
        sources: map.of_types(&request.data_types).map(planned).collect(),
        excluded: map.excluded.iter().map(excluded).collect(),
        information: map.information.as_ref().map(information),
    }
}

/// What else stands for the people, and what linked it to them.
fn identifiers(request: &Request, people: &People<'_>) -> BTreeMap<Subject, Vec<Identifier>> {
    let identifier = |linked: &LinkedId| Identifier {
        id: linked.id.clone(),
        value: linked.value.as_str().into(),
        from: linked.from.clone(),
        from_value: linked.from_value.as_str().into(),
        found_in: linked.table.clone(),
    };
    let people = request.subjects.iter().zip(people.ids());
    people.map(|(email, ids)| (email.as_str().into(), ids.iter().map(identifier).collect())).collect()
}

pub(crate) fn request(request: &Request) -> RequestReport {
    RequestReport {
        id: request.id.to_string(),
        account: request.account.to_string(),
        kind: request.kind.to_string(),
        created_at: request.created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        date_range: request
            .date_range
            .map(|range| DateRange { from: range.from.to_string(), to: range.to.to_string() }),
        data_types: request.data_types.iter().map(ToString::to_string).collect(),
        requestor_role: format!("{:?}", request.requestor.role).to_lowercase(),
    }
}

fn planned(source: &habeas_sources::Source) -> PlannedSource {
    PlannedSource {
        source: source.name.clone(),
        data_type: source.data_type.to_string(),
        collection: source.name.clone(),
        redacted: source.hidden_of_others().map(|(field, _)| field.to_owned()).collect(),
        security: source.security_fields.clone(),
    }
}

fn excluded(of: &habeas_sources::Excluded) -> Excluded {
    Excluded { what: of.what.clone(), reason: of.reason.clone() }
}

fn information(of: &habeas_sources::Information) -> Information {
    Information {
        purposes: of.purposes.clone(),
        categories: of.categories.clone(),
        recipients: of.recipients.clone(),
        retention: of.retention.clone(),
        rights: of.rights.clone(),
        complaint: of.complaint.clone(),
        source: of.source.clone(),
        automated_decisions: of.automated_decisions.clone(),
    }
}
