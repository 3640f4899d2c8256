//! `GET /v1/requests`, `GET /v1/requests/{id}` and the example CSV: lists
//! requests, shows one, and helps to file one.

use chrono::{DateTime, Utc};
use habeas_domain::{
    Action, Cursor, Directory, FieldError, Filter, Member, Page, Problem, Requests, TEMPLATE, history_csv,
    may, view, whole_view,
};
use habeas_lambda::{Call, Fault, Reply, signed_in, signed_in_for};
use serde_json::json;

/// How many requests a page has where the caller names no number.
const PAGE_REQUESTS_DEFAULT: u32 = 20;

/// How many lines a table has at the most. Fifty people with the longest
/// addresses in each make 5 MB; a function's answer may have 6 MB.
const TABLE_REQUESTS_MAX: u32 = 400;

/// The ports that reading takes, and how long a page may be.
#[derive(Debug)]
pub struct History<D, R> {
    pub directory: D,
    pub requests: R,
    pub page_requests_max: u32,
}

impl<D: Directory, R: Requests> History<D, R> {
    /// Answers a call by its route.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        match call.route() {
            "GET /v1/requests" => self.list(call, now).await,
            "GET /v1/requests/template.csv" => self.template(call).await,
            _ => self.one(call, now).await,
        }
    }

    async fn one(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let (member, request) = signed_in_for(&self.requests, call).await?;
        call.only_queries(&[])?;
        if let Err(broken) = request.timeline.verify(request.id) {
            tracing::error!(request = %request.id, number = broken.number, "timeline does not verify");
        }
        Ok(Reply::ok(whole_view(&request, &member, now)))
    }

    async fn template(&self, call: &Call) -> Result<Reply, Fault> {
        let member = signed_in(&self.directory, call).await?;
        call.only_queries(&[])?;
        may(member.role, Action::FileForList).map_err(Problem::from)?;
        Ok(Reply::csv(TEMPLATE.to_owned(), "habeas-people.csv"))
    }

    async fn list(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let member = signed_in(&self.directory, call).await?;
        let as_table = call.wants_csv();
        let filter = filter(call, &member)?;
        let limit = self.limit(call.query("limit"), as_table)?;
        let after = call.query("cursor").map(Cursor::parse).transpose().map_err(|error| {
            Problem::malformed(error.to_string()).with(vec![FieldError::new("/cursor", error.to_string())])
        })?;
        let mut page = self.requests.list(&member.account, &filter, after, limit).await?;
        page.requests.retain(|request| request.is_visible_to(&member));
        Ok(if as_table { table(call, &page, &member, now) } else { listed(&page, &member, now) })
    }

    fn limit(&self, text: Option<&str>, as_table: bool) -> Result<u32, Problem> {
        let (usual, most) = if as_table {
            (TABLE_REQUESTS_MAX, TABLE_REQUESTS_MAX)
        } else {
            (PAGE_REQUESTS_DEFAULT.min(self.page_requests_max), self.page_requests_max)
        };
        let Some(text) = text else { return Ok(usual) };
        match text.parse() {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => {
                let detail = format!("the limit is a whole number from 1 to {most}");
                Err(Problem::malformed(detail.clone()).with(vec![FieldError::new("/limit", detail)]))
            }
        }
    }
}

fn filter(call: &Call, member: &Member) -> Result<Filter, Problem> {
    let query = |name: &str| call.query(name);
    if may(member.role, Action::HandleAnyRequest).is_ok() {
        call.only_queries(&[&Filter::QUERIES[..], &["cursor", "limit"]].concat())?;
        Filter::parse(query)
    } else {
        call.only_queries(&[&Filter::MEMBER_QUERIES[..], &["cursor", "limit"]].concat())?;
        Filter::parse_own(&member.email, query)
    }
}

fn listed(page: &Page, member: &Member, now: DateTime<Utc>) -> Reply {
    let requests: Vec<_> = page.requests.iter().map(|request| view(request, member, now)).collect();
    let mut shown = json!({ "requests": requests });
    if let Some(Cursor(next)) = page.next {
        shown["next"] = json!(next);
    }
    Reply::ok(shown)
}

/// A table has no place for where it goes on, so a header says it.
fn table(call: &Call, page: &Page, member: &Member, now: DateTime<Utc>) -> Reply {
    let name = format!("habeas-requests-{}.csv", now.format("%Y-%m-%d"));
    let reply = Reply::csv(history_csv(&page.requests, member, now), &name);
    match page.next {
        Some(Cursor(next)) => reply.with_next(&format!("/v1/requests?{}", call.query_with("cursor", &next))),
        None => reply,
    }
}
