use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use ureq::http::Uri;

use crate::clients::{REGION, root_credentials};
use crate::{LocalError, Result};

/// The headers of a call with a signature of the emulator's root user (SigV4).
pub(crate) fn signed(
    service: &str,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Vec<(String, String)>> {
    let failed = |error: &dyn std::error::Error| LocalError::unexpected("sign a call", error);
    let identity = root_credentials().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let uri: Uri = url.parse().map_err(|error: ureq::http::uri::InvalidUri| failed(&error))?;
    let host = uri.authority().map(ToString::to_string).unwrap_or_default();
    let with_host = headers.iter().copied().chain([("host", host.as_str())]);
    let request = SignableRequest::new(method, url, with_host, SignableBody::Bytes(body))
        .map_err(|error| failed(&error))?;
    let (instructions, _) = sign(request, &parameters).map_err(|error| failed(&error))?.into_parts();
    let (signature, _) = instructions.into_parts();
    let given = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let signature = signature.iter().map(|header| (header.name().to_owned(), header.value().to_owned()));
    Ok(given.chain(signature).collect())
}
