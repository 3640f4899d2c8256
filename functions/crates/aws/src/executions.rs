use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use habeas_domain::{Executions, Request, StoreError};
use serde_json::{Value, json};

use crate::Aws;
use crate::error::unavailable;

/// The error with which the sweep stops an execution.
const SILENT: &str = "Habeas.Silent";

/// A state machine of ours.
#[derive(Debug, Clone)]
pub struct StateMachine {
    client: Client,
    arn: String,
}

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    Running,
    /// The sweep stopped it, because it gave no sign of life.
    Silent,
    /// Somebody else stopped it.
    Stopped,
    /// It ended by itself.
    Ended,
    NeverStarted,
}

impl StateMachine {
    #[must_use]
    pub fn new(aws: &Aws, arn: String) -> Self {
        Self { client: aws.step_functions(), arn }
    }

    pub async fn execution(&self, name: &str) -> Result<Execution, StoreError> {
        match self.client.describe_execution().execution_arn(self.execution_arn(name)).send().await {
            Ok(found) => Ok(match found.status() {
                ExecutionStatus::Running => Execution::Running,
                ExecutionStatus::Aborted if found.error() == Some(SILENT) => Execution::Silent,
                ExecutionStatus::Aborted => Execution::Stopped,
                _ => Execution::Ended,
            }),
            Err(error) => match error.as_service_error() {
                Some(DescribeExecutionError::ExecutionDoesNotExist(_)) => Ok(Execution::NeverStarted),
                _ => Err(unavailable(error)),
            },
        }
    }

    /// Stops an execution that gives no sign of life.
    pub async fn stop(&self, name: &str) -> Result<(), StoreError> {
        let cause = "The request gave no sign of life.";
        self.client
            .stop_execution()
            .execution_arn(self.execution_arn(name))
            .error(SILENT)
            .cause(cause)
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    /// Starts an execution. A second start of the same name finds the first.
    pub async fn start_named(&self, name: &str, input: &Value) -> Result<(), StoreError> {
        let started = self
            .client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(name)
            .input(input.to_string())
            .send()
            .await;
        match started {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(StartExecutionError::ExecutionAlreadyExists(_)) => Ok(()),
                _ => Err(unavailable(error)),
            },
        }
    }

    fn execution_arn(&self, name: &str) -> String {
        format!("{}:{name}", self.arn.replacen(":stateMachine:", ":execution:", 1))
    }
}

impl Executions for StateMachine {
    /// The execution is named after the request.
    async fn start(&self, request: &Request) -> Result<(), StoreError> {
        let input = json!({
            "account": request.account,
            "request": request.id,
            "kind": request.kind,
            "starts_at": request.starts_at,
            "head": request.timeline.head(),
        });
        self.start_named(&request.id.to_string(), &input).await
    }
}
