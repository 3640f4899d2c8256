//! `GET /v1/requests` and `GET /v1/requests/{id}`: lists requests, and shows one.

use chrono::{DateTime, Utc};
use habeas_domain::{
    Account, Cursor, Directory, FieldError, Member, Problem, Request, Requests, member_view, request_view,
};
use habeas_lambda::{Call, Fault, Reply, signed_in};
use serde_json::{Value, json};

/// How many requests a page has where the caller names no number.
const PAGE_REQUESTS_DEFAULT: u32 = 20;

/// The ports that reading takes, and how long a page may be.
#[derive(Debug)]
pub struct History<D, R> {
    pub directory: D,
    pub requests: R,
    pub page_requests_max: u32,
}

impl<D: Directory, R: Requests> History<D, R> {
    /// Answers a call: one request where the path names one, a page of them otherwise.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let (member, account) = signed_in(&self.directory, call).await?;
        if call.has_request_id() {
            self.one(call, &member, &account, now).await
        } else {
            self.page(call, &member, &account, now).await
        }
    }

    async fn one(
        &self,
        call: &Call,
        member: &Member,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Reply, Fault> {
        call.only_queries(&[])?;
        let request = self.requests.get(&account.id, call.request_id()?).await?;
        let request = request.filter(|request| sees(member, request)).ok_or_else(Problem::not_found)?;
        let mut shown = view(member, &request, now);
        if member.role.administers() {
            shown["timeline"] = json!(request.timeline);
        }
        Ok(Reply::ok(shown))
    }

    async fn page(
        &self,
        call: &Call,
        member: &Member,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Reply, Fault> {
        call.only_queries(&["cursor", "limit"])?;
        let limit = self.limit(call.query("limit"))?;
        let after = call.query("cursor").map(Cursor::parse).transpose().map_err(|error| {
            Problem::malformed(error.to_string()).with(vec![FieldError::new("/cursor", error.to_string())])
        })?;
        let by = (!member.role.administers()).then_some(&member.email);
        let page = self.requests.list(&account.id, by, after, limit).await?;
        let requests: Vec<Value> = page.requests.iter().map(|request| view(member, request, now)).collect();
        let mut shown = json!({ "requests": requests });
        if let Some(Cursor(next)) = page.next {
            shown["next"] = json!(next);
        }
        Ok(Reply::ok(shown))
    }

    fn limit(&self, text: Option<&str>) -> Result<u32, Problem> {
        let most = self.page_requests_max;
        let Some(text) = text else { return Ok(PAGE_REQUESTS_DEFAULT.min(most)) };
        match text.parse() {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => {
                let detail = format!("the limit is a whole number from 1 to {most}");
                Err(Problem::malformed(detail.clone()).with(vec![FieldError::new("/limit", detail)]))
            }
        }
    }
}

/// Members see what they filed; what others filed is to them as if it were not there.
fn sees(member: &Member, request: &Request) -> bool {
    member.role.administers() || request.requestor.email == member.email
}

fn view(member: &Member, request: &Request, now: DateTime<Utc>) -> Value {
    if member.role.administers() { request_view(request, now) } else { member_view(request, now) }
}
