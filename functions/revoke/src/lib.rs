//! `POST /v1/requests/{id}/revoke`: takes a request back before it starts.

use chrono::{DateTime, Utc};
use habeas_domain::{
    Directory, Member, Problem, Request, Requests, Status, StoreError, member_view, request_view,
};
use habeas_lambda::{Call, Fault, Reply, Tell, chain, signed_in};

/// The ports that revoking takes.
#[derive(Debug)]
pub struct Revoke<D, R, T> {
    pub directory: D,
    pub requests: R,
    pub notify: T,
}

impl<D: Directory, R: Requests, T: Tell> Revoke<D, R, T> {
    /// Revokes the request that the path names. The claim of the workflow is
    /// the same conditional write: whoever comes second is told who was first.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let (member, account) = signed_in(&self.directory, call).await?;
        let id = call.request_id()?;
        let found = self.requests.get(&account.id, id).await?;
        let request = found.filter(|request| may_revoke(&member, request)).ok_or_else(Problem::not_found)?;
        let revoked = request.revoke(&member.email, now).map_err(|late| too_late(late.status))?;
        match self.requests.revoke(&revoked).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => {
                let winner = self.requests.get(&account.id, id).await?.ok_or_else(Problem::not_found)?;
                // A write whose answer was lost is repeated by the SDK, and loses to itself.
                if winner.status != Status::Canceled || winner.timeline.last() != revoked.timeline.last() {
                    return Err(too_late(winner.status).into());
                }
            }
            Err(fault) => return Err(fault.into()),
        }
        // The workflow sends the same mail when its wait is over; this is only sooner.
        if let Err(fault) = self.notify.ended(&revoked).await {
            tracing::warn!(request = %id, error = chain(&fault), "mail about the revoke left to the workflow");
        }
        let view =
            if member.role.administers() { request_view(&revoked, now) } else { member_view(&revoked, now) };
        Ok(Reply::ok(view))
    }
}

fn may_revoke(member: &Member, request: &Request) -> bool {
    member.role.administers() || request.requestor.email == member.email
}

fn too_late(status: Status) -> Problem {
    let detail = match status {
        Status::Canceled => "The request has been revoked already.",
        Status::Pending | Status::Processing => {
            "The request is being processed and can no longer be revoked."
        }
        Status::Completed => "The request is completed and can no longer be revoked.",
        Status::Failed => "The request has failed; there is nothing left to revoke.",
    };
    Problem::new(409, "not-revocable", "No longer revocable", detail)
}
