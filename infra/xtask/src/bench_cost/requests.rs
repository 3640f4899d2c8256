use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use habeas_local::{Api, LogLine, Stack};
use serde_json::{Value, json};

use super::calls::usage_of;
use super::lambda::Invocations;
use super::meter::Meter;
use super::transitions;
use super::usage::{Kind, Usage};
use crate::Outcome;
use crate::ui::Ui;

/// How often the workflow is looked at.
const PAUSE: Duration = Duration::from_millis(300);

/// A request about fifty people takes a minute; otherwise something hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// The last function's report comes a moment after its answer.
const SETTLING: Duration = Duration::from_millis(500);

/// Where requests are filed, one after the other, so that what is metered
/// between two is the one's.
pub(super) struct Scene {
    pub(super) stack: Stack,
    pub(super) api: Api,
    pub(super) meter: Meter,
    pub(super) ui: Ui,
}

/// What was counted of one request.
pub(super) struct Measured {
    /// All but what functions took.
    calls: Usage,
    invocations: Invocations,
}

impl Measured {
    pub(super) fn usage(&self) -> Usage {
        self.calls.clone().plus(&self.invocations.usage())
    }

    /// The same with functions that took as long as in the other request.
    pub(super) fn if_alone(self, one: &Self) -> Self {
        Self { invocations: self.invocations.if_alone(&one.invocations), ..self }
    }
}

impl Scene {
    pub(super) async fn export(&mut self, people: &[String]) -> Outcome<Measured> {
        self.ui.say(&format!("An export of {}", people.len()));
        self.measure(&json!({"kind": "export", "subjects": people})).await
    }

    pub(super) async fn delete(&mut self, people: &[String]) -> Outcome<Measured> {
        self.ui.say(&format!("A deletion of {}", people.len()));
        self.measure(&json!({"kind": "delete", "subjects": people, "confirm": true})).await
    }

    async fn measure(&mut self, order: &Value) -> Outcome<Measured> {
        self.meter.news()?;
        let since_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let filed = self.api.post("/v1/requests", order)?;
        let id = match filed.status {
            201 => filed.json::<Value>()?["id"].as_str().unwrap_or_default().to_owned(),
            status => return Err(format!("filing was answered with {status}: {}", filed.text()).into()),
        };
        let machine = &self.stack.state().state_machine_arn;
        let arn = format!("{}:{id}", machine.replacen(":stateMachine:", ":execution:", 1));
        self.ended(&arn).await?;
        tokio::time::sleep(SETTLING).await;
        let calls = usage_of(&self.meter.news()?, &self.stack.state().functions);
        let transitions = transitions::of_execution(&self.stack, &arn).await?;
        let measured = Measured {
            calls: calls.with(Kind::StateTransition, f64::from(transitions)),
            invocations: Invocations::of_log(&self.log_since(since_ms)?),
        };
        // Not before the meter is read: looking costs a call of the API too.
        let request: Value = self.api.get(&format!("/v1/requests/{id}"))?.json()?;
        match request["status"].as_str() {
            Some("Completed") => Ok(measured),
            _ => Err(format!("request {id} ended {}: {}", request["status"], request["failure"]).into()),
        }
    }

    async fn ended(&self, arn: &str) -> Outcome {
        let started = Instant::now();
        loop {
            let execution = self.stack.clients().sfn.describe_execution().execution_arn(arn).send().await?;
            if execution.status.as_str() != "RUNNING" {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("{arn} did not end within {} s", PATIENCE.as_secs()).into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn log_since(&self, since_ms: i64) -> Outcome<Vec<LogLine>> {
        let mut lines = Vec::new();
        self.stack.logs("all", false, &mut |line| {
            if line.at_ms >= since_ms {
                lines.push(line.clone());
            }
            true
        })?;
        Ok(lines)
    }
}
