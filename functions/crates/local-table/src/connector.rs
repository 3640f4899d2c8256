use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::Shared;
use crate::database::Database;

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and the caller sees a broken connection.
    BeforeIt,
    /// It is done, and its answer is lost.
    AfterIt,
}

/// What happens with a call that is to come.
#[derive(Debug)]
enum Turn {
    /// Nothing that would not happen anyway.
    Spared,
    Fails(Fault),
    /// Somebody else's operation is done first.
    ComesSecond(String, Value),
}

/// Hands the client's calls to the database, without a network.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    database: Database,
    log: Shared<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    calls: Vec<String>,
    consumed: f64,
    turns: VecDeque<Turn>,
    page_records_max: Option<u64>,
}

impl Connector {
    pub(crate) fn new(database: Database) -> Self {
        Self { database, log: Shared::default() }
    }

    pub(crate) fn into_client(self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self);
        http_client_fn(move |_, _| connector.clone())
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.log().calls.clone()
    }

    pub(crate) fn forget_calls(&self) {
        self.log().calls.clear();
    }

    pub(crate) fn consumed(&self) -> f64 {
        self.log().consumed
    }

    pub(crate) fn fail_next(&self, fault: Fault) {
        self.log().turns.push_back(Turn::Fails(fault));
    }

    pub(crate) fn spare_next(&self) {
        self.log().turns.push_back(Turn::Spared);
    }

    pub(crate) fn spare_all(&self) {
        self.log().turns.clear();
    }

    pub(crate) fn come_before_next(&self, operation: &str, input: Value) {
        self.log().turns.push_back(Turn::ComesSecond(operation.to_owned(), input));
    }

    pub(crate) fn limit_pages(&self, records: u64) {
        self.log().page_records_max = Some(records);
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let mut input: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        input["ReturnConsumedCapacity"] = json!("TOTAL");
        let (turn, page_records_max) = {
            let mut log = self.log();
            log.calls.push(operation.clone());
            (log.turns.pop_front(), log.page_records_max)
        };
        let fault = match turn {
            None | Some(Turn::Spared) => None,
            Some(Turn::Fails(fault)) => Some(fault),
            Some(Turn::ComesSecond(operation, input)) => {
                self.database.run(&operation, input).expect("an operation that can be done");
                None
            }
        };
        if let Some(max) = page_records_max.filter(|_| matches!(operation.as_str(), "Query" | "Scan")) {
            let asked = input["Limit"].as_u64().unwrap_or(max);
            input["Limit"] = json!(asked.min(max));
        }
        if fault == Some(Fault::BeforeIt) {
            return Err(ConnectorError::io("the connection broke".into()));
        }
        let answered = self.database.run(&operation, input);
        if fault == Some(Fault::AfterIt) {
            return Err(ConnectorError::io("the answer was lost".into()));
        }
        let (status, body) = match answered {
            Ok(output) => {
                self.log().consumed += consumed(&output);
                (200, output.to_string())
            }
            Err(error) => (400, error),
        };
        let status =
            StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
        Ok(HttpResponse::new(status, SdkBody::from(body)))
    }
}

/// One table's consumption, or the sum over those of a batch.
fn consumed(output: &Value) -> f64 {
    match &output["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
        one => one["CapacityUnits"].as_f64().unwrap_or_default(),
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

/// Retries come at once: nothing gets better by waiting.
#[derive(Debug)]
pub struct AtOnce;

impl AsyncSleep for AtOnce {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
