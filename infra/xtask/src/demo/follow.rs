use std::time::{Duration, Instant};

use habeas_local::{Api, Stack};
use serde_json::Value;

use super::expect;
use crate::Outcome;
use crate::ui::Ui;

/// How often the workflow is looked at.
const PAUSE: Duration = Duration::from_millis(300);

/// A request of the demo is over long before this; otherwise something hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// Follows a request through every state of the machine until its execution has
/// ended, and gives the request as the API shows it then.
pub(super) async fn follow(stack: &Stack, api: &Api, id: &str, ui: &Ui) -> Outcome<Value> {
    let sfn = &stack.clients().sfn;
    let arn =
        format!("{}:{id}", stack.state().state_machine_arn.replacen(":stateMachine:", ":execution:", 1));
    let started = Instant::now();
    let mut told = 0;
    loop {
        let execution = sfn.describe_execution().execution_arn(&arn).send().await?;
        let history = sfn.get_execution_history().execution_arn(&arn).max_results(1_000).send().await?;
        let entered: Vec<_> = history
            .events
            .iter()
            .filter_map(|event| Some(event.state_entered_event_details.as_ref()?.name.clone()))
            .collect();
        for state in &entered[told.min(entered.len())..] {
            ui.say(&format!("  {:>5.1} s  {state}", started.elapsed().as_secs_f32()));
            ui.doing(&format!("{state} …"));
        }
        told = entered.len();
        if execution.status.as_str() != "RUNNING" {
            let request = expect(api.get(&format!("/v1/requests/{id}"))?, 200)?;
            ui.say(&format!("  {} is {}.", id, request["status"].as_str().unwrap_or("?")));
            return Ok(request);
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("{id} did not end within {} s", PATIENCE.as_secs()).into());
        }
        tokio::time::sleep(PAUSE).await;
    }
}
