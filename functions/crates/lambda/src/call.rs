use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use habeas_domain::{EmailAddress, HoldId, Problem, RequestId};

/// The largest body a call may have. Fifty addresses of the greatest length take 13 kB.
const BODY_BYTES_MAX: usize = 64 << 10;

/// A call of the HTTP API, after API Gateway has verified the token.
#[derive(Debug)]
pub struct Call {
    event: ApiGatewayV2httpRequest,
    /// API Gateway joins the values of a repeated parameter with commas, so a
    /// comma within a value looks the same: each parameter is one text here.
    queries: BTreeMap<String, String>,
}

/// The versions that a change is made on the condition of (RFC 9110, 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Vec<u64>);

impl IfMatch {
    #[must_use]
    pub fn names(&self, version: u64) -> bool {
        self.0.contains(&version)
    }
}

/// What a call brings along.
#[derive(Debug)]
pub enum Body {
    Json(Vec<u8>),
    Csv(Vec<u8>),
}

impl Call {
    #[must_use]
    pub fn new(event: ApiGatewayV2httpRequest) -> Self {
        let mut queries: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in event.query_string_parameters.iter() {
            let joined = queries.entry(name.to_owned()).or_default();
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(value);
        }
        Self { event, queries }
    }

    /// Who calls, by the verified token. An address that the identity provider
    /// has not verified, or does not say so of, proves nothing: with some
    /// providers people set it themselves.
    #[must_use]
    pub fn caller(&self) -> Option<EmailAddress> {
        let jwt = self.event.request_context.authorizer.as_ref()?.jwt.as_ref()?;
        let verified = jwt.claims.get("email_verified").is_some_and(|verified| verified == "true");
        if !verified {
            return None;
        }
        EmailAddress::parse(jwt.claims.get("email")?).ok()
    }

    /// The request that the path names. What is no id is like one that does not exist.
    pub fn request_id(&self) -> Result<RequestId, Problem> {
        let id = self.event.path_parameters.get("id").ok_or_else(Problem::not_found)?;
        RequestId::parse(id).map_err(|_| Problem::not_found())
    }

    /// The hold that the path names, likewise.
    pub fn hold_id(&self) -> Result<HoldId, Problem> {
        let id = self.event.path_parameters.get("id").ok_or_else(Problem::not_found)?;
        HoldId::parse(id).map_err(|_| Problem::not_found())
    }

    #[must_use]
    pub fn has_request_id(&self) -> bool {
        self.event.path_parameters.contains_key("id")
    }

    /// The route that API Gateway chose, such as `GET /v1/requests`.
    #[must_use]
    pub fn route(&self) -> &str {
        self.event.route_key.as_deref().unwrap_or_default()
    }

    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.queries.get(name).map(String::as_str)
    }

    /// The query of the call as it came, but with another value for `name`.
    #[must_use]
    pub fn query_with(&self, name: &str, value: &dyn std::fmt::Display) -> String {
        let given = self.event.raw_query_string.as_deref().unwrap_or_default().split('&');
        let others = given.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
        others.map(ToOwned::to_owned).chain([format!("{name}={value}")]).collect::<Vec<_>>().join("&")
    }

    /// Refuses a query parameter that the call does not know: a mistaken filter
    /// must not widen an answer.
    pub fn only_queries(&self, known: &[&str]) -> Result<(), Problem> {
        match self.queries.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Problem::malformed(format!("The query parameter `{name}` is not known here."))),
            None => Ok(()),
        }
    }

    /// A header, whatever bytes it has: one that is not text is not one that is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.event.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// Whether the caller would rather have a table than JSON.
    #[must_use]
    pub fn wants_csv(&self) -> bool {
        let accepted = self.header("accept").unwrap_or_default();
        accepted.split(',').map(media_type).any(|accepted| accepted.eq_ignore_ascii_case("text/csv"))
    }

    /// The versions in `If-Match`. One that is no version of ours matches
    /// nothing, as a weak one does; `*` names none, so it does not count.
    pub fn if_match(&self) -> Result<IfMatch, Problem> {
        let header = self.header("if-match").unwrap_or_default();
        let tags: Vec<_> = header.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        if tags.is_empty() || tags.contains(&"*") {
            return Err(Problem::version_required());
        }
        let version = |tag: &&str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Ok(IfMatch(tags.iter().filter_map(version).collect()))
    }

    /// Whether a service of the operator's has signed the call with its role (SigV4).
    #[must_use]
    pub fn is_signed_by_a_service(&self) -> bool {
        let authorizer = self.event.request_context.authorizer.as_ref();
        let iam = authorizer.and_then(|authorizer| authorizer.iam.as_ref());
        iam.is_some_and(|iam| iam.user_arn.as_ref().is_some_and(|arn| !arn.is_empty()))
    }

    /// The body of a call, as JSON or as CSV.
    pub fn body(&self) -> Result<Body, Problem> {
        if self.is_of_type(&["application/json"]) {
            Ok(Body::Json(self.bytes(BODY_BYTES_MAX)?))
        } else if self.is_of_type(&["text/csv"]) {
            Ok(Body::Csv(self.bytes(BODY_BYTES_MAX)?))
        } else {
            let detail = "Send the body as application/json, or a list of addresses as text/csv.";
            Err(unsupported(detail))
        }
    }

    /// A body that is JSON, of `bytes_max` at the most.
    pub fn json(&self, bytes_max: usize) -> Result<Vec<u8>, Problem> {
        if self.is_of_type(&["application/json"]) {
            self.bytes(bytes_max)
        } else {
            Err(unsupported("Send the body as application/json."))
        }
    }

    /// A merge patch (RFC 7396).
    pub fn merge_patch(&self) -> Result<Vec<u8>, Problem> {
        if self.is_of_type(&["application/merge-patch+json", "application/json"]) {
            self.bytes(BODY_BYTES_MAX)
        } else {
            Err(unsupported("Send the change as application/merge-patch+json."))
        }
    }

    fn is_of_type(&self, types: &[&str]) -> bool {
        let content_type = self.header("content-type").unwrap_or_default();
        types.iter().any(|known| media_type(&content_type).eq_ignore_ascii_case(known))
    }

    fn bytes(&self, bytes_max: usize) -> Result<Vec<u8>, Problem> {
        let text = self.event.body.as_deref().unwrap_or_default();
        let bytes = if self.event.is_base64_encoded {
            STANDARD.decode(text).map_err(|_| Problem::malformed("The body is not valid base64."))?
        } else {
            text.as_bytes().to_vec()
        };
        if bytes.len() > bytes_max {
            let detail = format!("The body is larger than {} KiB.", bytes_max >> 10);
            return Err(Problem::new(413, "too-large", "Too large", detail));
        }
        Ok(bytes)
    }
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(415, "unsupported-media-type", "Unsupported media type", detail)
}

/// A media type without its parameters.
fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}
