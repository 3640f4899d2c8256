use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use habeas_local_table::{Fault, LocalTable};

use crate::functions::Functions;
use crate::kms;
use crate::s3::{self, S3};
use crate::ses::Ses;

/// What goes wrong, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// How many calls are left alone before.
    pub after: usize,
    pub fault: Fault,
    /// Whether the function dies of it: then nothing that it still calls gets through.
    pub is_deadly: bool,
}

/// An answer: status, headers, body.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: body.into(), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

#[derive(Debug, Default)]
pub(crate) struct Twins {
    pub table: LocalTable,
    pub s3: S3,
    pub ses: Ses,
    pub functions: Functions,
}

/// Hands the clients' calls to the twins, without a network.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    twins: Arc<Twins>,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    calls: Vec<String>,
    /// How many came, those too that were forgotten.
    count: usize,
    /// By the number of the call.
    strikes: BTreeMap<usize, Strike>,
    visits: BTreeMap<usize, Visit>,
    is_dead: bool,
}

/// What somebody else does before a call.
struct Visit(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").finish_non_exhaustive()
    }
}

impl Connector {
    pub(crate) fn new(twins: Twins) -> Self {
        Self { twins: Arc::new(twins), log: Arc::default() }
    }

    pub(crate) fn into_client(self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self);
        http_client_fn(move |_, _| connector.clone())
    }

    pub(crate) fn twins(&self) -> &Twins {
        &self.twins
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.log().calls.clone()
    }

    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.log().calls)
    }

    pub(crate) fn strike(&self, strike: Strike) {
        let mut log = self.log();
        let number = log.count + strike.after;
        log.strikes.insert(number, strike);
    }

    pub(crate) fn visit_before(&self, after: usize, visit: Box<dyn FnOnce() + Send>) {
        let mut log = self.log();
        let number = log.count + after;
        log.visits.insert(number, Visit(visit));
    }

    pub(crate) fn spare_all(&self) {
        let mut log = self.log();
        log.strikes.clear();
        log.visits.clear();
    }

    pub(crate) fn revive(&self) -> bool {
        std::mem::take(&mut self.log().is_dead)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and says what goes wrong with it, and who comes first.
    fn begin(&self, call: &str) -> Result<(Option<Fault>, Option<Visit>), ConnectorError> {
        let mut log = self.log();
        if log.is_dead {
            return Err(dead());
        }
        let number = log.count;
        log.count += 1;
        log.calls.push(call.to_owned());
        let struck = log.strikes.remove(&number);
        log.is_dead = struck.is_some_and(|strike| strike.is_deadly);
        Ok((struck.map(|strike| strike.fault), log.visits.remove(&number)))
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let asked = Asked::of(request);
        let (fault, visit) = self.begin(&asked.name())?;
        if let Some(Visit(come)) = visit {
            come();
        }
        let broken = || if self.log().is_dead { dead() } else { ConnectorError::io("broken".into()) };
        if fault == Some(Fault::BeforeIt) {
            return Err(broken());
        }
        let answered = match &asked {
            Asked::DynamoDb(_) => self.twins.table.answer(request),
            Asked::Kms(operation) => respond(kms::answer(operation, body(request))),
            Asked::Ses => respond(self.twins.ses.answer(body(request))),
            Asked::Lambda(function) => respond(self.twins.functions.answer(function, body(request))),
            Asked::S3(call) => respond(self.twins.s3.answer(call)),
        };
        if fault == Some(Fault::AfterIt) { Err(broken()) } else { answered }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

/// Which service is asked for what.
enum Asked {
    DynamoDb(String),
    Kms(String),
    Ses,
    Lambda(String),
    S3(s3::Call),
}

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let path = request.uri().split_once("//local").map_or("", |(_, path)| path);
        let function = path.strip_prefix("/2015-03-31/functions/");
        match (target.split_once('.'), function) {
            (Some((service, operation)), _) if service.starts_with("DynamoDB") => {
                Self::DynamoDb(operation.to_owned())
            }
            (Some(("TrentService", operation)), _) => Self::Kms(operation.to_owned()),
            (Some((service, _)), _) => panic!("there is no twin of {service}"),
            (None, Some(function)) => {
                Self::Lambda(function.split_once('/').map_or("", |(name, _)| name).to_owned())
            }
            (None, None) if path.starts_with("/v2/email/") => Self::Ses,
            (None, None) => Self::S3(s3::Call::of(request, path)),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::DynamoDb(operation) => format!("DynamoDB {operation}"),
            Self::Kms(operation) => format!("KMS {operation}"),
            Self::Ses => "SES SendEmail".to_owned(),
            Self::Lambda(function) => format!("Lambda {function}"),
            Self::S3(call) => format!("S3 {:?}", call.operation),
        }
    }
}

fn body(request: &HttpRequest) -> &[u8] {
    request.body().bytes().expect("a body in memory")
}

fn respond(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status =
        StatusCode::try_from(answer.status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// No client tries such a call again.
fn dead() -> ConnectorError {
    ConnectorError::user("the function has died".into())
}
