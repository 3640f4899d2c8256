//! `POST /v1/requests/{id}/revoke`: takes a request back before it starts.

use chrono::{DateTime, Utc};
use habeas_domain::{Member, Problem, Request, Requests, Status, StoreError, view};
use habeas_lambda::{Call, Fault, Reply, Tell, chain, signed_in_for};

/// How often a revoke is tried that another line of the timeline overtakes.
const ATTEMPTS_MAX: u32 = 5;

/// The ports that revoking takes.
#[derive(Debug)]
pub struct Revoke<R, T> {
    pub requests: R,
    pub notify: T,
}

impl<R: Requests, T: Tell> Revoke<R, T> {
    /// Revokes the request that the path names. The claim of the workflow is
    /// the same conditional write: whoever comes second is told who was first.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let (member, request) = signed_in_for(&self.requests, call).await?;
        call.only_queries(&[])?;
        let revoked = self.revoke(&member, request, now).await?;
        // The workflow sends the same mail when its wait is over; this is only sooner.
        if let Err(fault) = self.notify.ended(&revoked).await {
            let request = revoked.id;
            tracing::warn!(%request, error = chain(&fault), "mail about the revoke left to the workflow");
        }
        Ok(Reply::ok(view(&revoked, &member, now)))
    }

    async fn revoke(&self, member: &Member, request: Request, now: DateTime<Utc>) -> Result<Request, Fault> {
        let mut request = request;
        for _ in 0..ATTEMPTS_MAX {
            let (account, id) = (request.account.clone(), request.id);
            let revoked = request.revoke(&member.email, now).map_err(|late| too_late(late.status))?;
            match self.requests.revoke(&revoked).await {
                Ok(()) => return Ok(revoked),
                Err(StoreError::Conflict) => {
                    request = self.requests.get(&account, id).await?.ok_or_else(Problem::not_found)?;
                    // A write whose answer was lost is repeated by the SDK, and loses to itself.
                    if request.timeline.continues(&revoked.timeline) {
                        return Ok(revoked);
                    }
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }
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
