use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use habeas_domain::{EmailAddress, Problem, RequestId};

/// The largest body a call may have. Fifty addresses of the greatest length take 13 kB.
const BODY_BYTES_MAX: usize = 64 << 10;

/// A call of the HTTP API, after API Gateway has verified the token.
#[derive(Debug)]
pub struct Call {
    event: ApiGatewayV2httpRequest,
}

impl Call {
    #[must_use]
    pub fn new(event: ApiGatewayV2httpRequest) -> Self {
        Self { event }
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

    #[must_use]
    pub fn has_request_id(&self) -> bool {
        self.event.path_parameters.contains_key("id")
    }

    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.event.query_string_parameters.first(name)
    }

    /// Refuses a query parameter that the call does not know, or that has more
    /// than one value: a mistaken filter must not widen an answer.
    pub fn only_queries(&self, known: &[&str]) -> Result<(), Problem> {
        let given = &self.event.query_string_parameters;
        for (name, _) in given.iter() {
            if !known.contains(&name) {
                return Err(Problem::malformed(format!("The query parameter `{name}` is not known here.")));
            }
            if given.all(name).is_some_and(|values| values.len() > 1) {
                return Err(Problem::malformed(format!("The query parameter `{name}` takes one value.")));
            }
        }
        Ok(())
    }

    /// The body of a call that sends JSON.
    pub fn json_body(&self) -> Result<Vec<u8>, Problem> {
        let content_type = self.event.headers.get("content-type").and_then(|value| value.to_str().ok());
        let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(
                415,
                "unsupported-media-type",
                "Unsupported media type",
                "Send the body as application/json.",
            ));
        }
        let text = self.event.body.as_deref().unwrap_or_default();
        if text.len() > BODY_BYTES_MAX {
            return Err(Problem::new(
                413,
                "too-large",
                "Too large",
                format!("The body is larger than {} KiB.", BODY_BYTES_MAX >> 10),
            ));
        }
        if self.event.is_base64_encoded {
            STANDARD.decode(text).map_err(|_| Problem::malformed("The body is not valid base64."))
        } else {
            Ok(text.as_bytes().to_vec())
        }
    }
}
