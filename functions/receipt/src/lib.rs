//! `GET /v1/requests/{id}/receipt` and `GET /.well-known/habeas-receipt-key.pem`:
//! shows the signed receipt of a deletion, and the key to check it with.

use habeas_domain::{
    Action, Kind, Problem, ReceiptKey, Receipts, Request, Requests, SignedReceipt, Status, may,
};
use habeas_lambda::{Call, Fault, Reply, signed_in_for};
use serde_json::json;

/// How long whoever checks receipts may keep the public key.
const KEY_SECONDS: u32 = 3_600;

/// The ports that receipts take.
#[derive(Debug)]
pub struct Receipt<R, K> {
    pub requests: R,
    pub key: K,
}

impl<R: Requests + Receipts, K: ReceiptKey> Receipt<R, K> {
    /// Answers a call by its route.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        match call.route() {
            "GET /.well-known/habeas-receipt-key.pem" => self.public_key(call).await,
            _ => self.one(call).await,
        }
    }

    /// Everybody may check a receipt, so everybody may have the key.
    async fn public_key(&self, call: &Call) -> Result<Reply, Fault> {
        call.only_queries(&[])?;
        let pem = self.key.public_key_pem().await?;
        Ok(Reply::public(pem, "application/x-pem-file", KEY_SECONDS))
    }

    async fn one(&self, call: &Call) -> Result<Reply, Fault> {
        let (member, request) = signed_in_for(&self.requests, call).await?;
        call.only_queries(&[])?;
        may(member.role, Action::SeeReceipt).map_err(Problem::from)?;
        is_due(&request)?;
        let signed = self.requests.receipt(request.id).await?.ok_or_else(gone)?;
        Ok(Reply::ok(json!({
            "request": request.id,
            "receipt": signed.receipt,
            "signature": signed.signature,
            "algorithm": SignedReceipt::ALGORITHM,
            "key": signed.key,
        })))
    }
}

/// Whether the request is one that ends with a receipt, and has ended so.
fn is_due(request: &Request) -> Result<(), Problem> {
    let reason = match (request.kind, request.status) {
        (Kind::Delete, Status::Completed) => return Ok(()),
        (Kind::Export, _) => "An export has no receipt. What it holds stands in the manifest of its archive.",
        (Kind::Delete, Status::Pending | Status::Processing) => {
            "The deletion is not finished. You get a mail when it is."
        }
        (Kind::Delete, Status::Failed) => {
            "The deletion failed, so there is no receipt of it. The request says why; file a new one."
        }
        (Kind::Delete, Status::Canceled) => {
            "The deletion was taken back before it started, so there is no receipt of it."
        }
    };
    Err(Problem::new(409, "not-ready", "Not ready", reason))
}

fn gone() -> Problem {
    let detail =
        "There is no receipt of this deletion: its time is over, or it was done before there were any.";
    Problem { detail: detail.to_owned(), ..Problem::not_found() }
}
