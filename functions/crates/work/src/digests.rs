use habeas_aws::Macs;
use habeas_domain::{Request, StoreError};
use habeas_sources::Digests;

/// The keyed digests of a request. KMS makes their key of the request's id, and
/// makes the same one again for whoever may ask it: a receipt can be checked
/// years later, and two receipts do not tell that they are about the same person.
pub async fn digests(macs: &Macs, request: &Request) -> Result<Digests, StoreError> {
    Ok(Digests::new(macs.key_for(&format!("habeas/digests/{}", request.id)).await?))
}
