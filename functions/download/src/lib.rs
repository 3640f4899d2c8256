//! `POST /v1/requests/{id}/download`: mints a download link of a finished archive.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use habeas_domain::{
    Archive, Archives, EventKind, Kind, Problem, Request, Requests, Status, StoreError, WITHDRAWN,
};
use habeas_lambda::{Call, Fault, Reply, signed_in_for};
use serde_json::json;

/// How often a link is minted anew because another was at the same moment.
const ATTEMPTS_MAX: u32 = 5;

/// The ports that minting takes, and how long a link works.
#[derive(Debug)]
pub struct Download<R, A> {
    pub requests: R,
    pub archives: A,
    pub link: TimeDelta,
}

impl<R: Requests, A: Archives> Download<R, A> {
    /// Mints a link for the requestor or an administrator, and writes down that
    /// it did. A link never outlives the archive.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let (member, mut request) = signed_in_for(&self.requests, call).await?;
        call.only_queries(&[])?;
        for _ in 0..ATTEMPTS_MAX {
            let reply = self.mint(&request, now).await?;
            let (account, id) = (request.account.clone(), request.id);
            let minted = request.with_event(now, EventKind::LinkMinted, Some(&member.email), None);
            match self.requests.record_link(&minted).await {
                Ok(()) => return Ok(reply),
                // A write whose answer was lost loses to itself, and one link is
                // then recorded twice: better than not at all.
                Err(StoreError::Conflict) => {
                    request = self.requests.get(&account, id).await?.ok_or_else(Problem::not_found)?;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(too_often().into())
    }

    async fn mint(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let archive = available(request, now)?;
        let until = archive.expires_at.min(now + self.link);
        let name = format!("habeas-export-{}-{}.zip", request.created_at.format("%Y-%m-%d"), request.id);
        let url = self.archives.mint_link(archive, &name, now, until).await?;
        Ok(Reply::ok(json!({
            "url": url,
            "expires_at": until.to_rfc3339_opts(SecondsFormat::Secs, true),
        })))
    }
}

fn available(request: &Request, now: DateTime<Utc>) -> Result<&Archive, Problem> {
    let not_ready = |detail: &str| Problem::new(409, "not-ready", "Not ready", detail);
    match (request.kind, request.status, &request.archive) {
        (Kind::Delete, ..) => Err(not_ready("A deletion has no archive to download.")),
        (Kind::Export, Status::Completed, Some(archive)) if now < archive.expires_at => Ok(archive),
        (Kind::Export, Status::Completed, Some(archive)) if archive.withdrawn_by.is_some() => {
            Err(Problem::new(410, "expired", "Download link expired", WITHDRAWN))
        }
        (Kind::Export, Status::Completed, _) => Err(Problem::new(
            410,
            "expired",
            "Download link expired",
            "Archives are kept for a limited time, and this one is gone. File a new export to get the data again.",
        )),
        (Kind::Export, Status::Pending | Status::Processing, _) => {
            Err(not_ready("The archive is not finished. You get a mail when it is."))
        }
        (Kind::Export, Status::Failed | Status::Canceled, _) => {
            Err(not_ready("The request ended without an archive. File a new export to get the data."))
        }
    }
}

/// The archive is there, so either others are minting all the time or the
/// timeline is full.
fn too_often() -> Problem {
    Problem::new(
        409,
        "link-refused",
        "No link now",
        "Too many links are being made for this archive, or have been made. Use one of them, or try again later.",
    )
}
