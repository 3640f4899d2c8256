use serde_json::{Value, json};

use crate::{Api, LocalError, Result, Stack};

use super::{Place, Search};

/// Step Functions gives no more at once.
const PAGE_EVENTS: usize = 1_000;

/// Looks into what executions were given and gave, and into every event of their
/// histories, with those of a Map's children.
pub(super) async fn look(stack: &Stack, search: &mut Search<'_>) -> Result<()> {
    let sfn = &stack.clients().sfn;
    let api = Api::new(&stack.state().endpoint, None);
    let mut machines = sfn.list_state_machines().into_paginator().items().send();
    while let Some(machine) = machines.next().await {
        let machine = machine.map_err(LocalError::aws("list the state machines"))?;
        let listed = sfn.list_executions().state_machine_arn(machine.state_machine_arn());
        let mut listed = listed.into_paginator().items().send();
        while let Some(execution) = listed.next().await {
            let execution = execution.map_err(LocalError::aws("list the executions"))?;
            let (arn, name) = (execution.execution_arn(), execution.name());
            look_into(stack, &api, arn, name, search).await?;
            children(stack, &api, arn, name, search).await?;
        }
    }
    Ok(())
}

async fn children(stack: &Stack, api: &Api, arn: &str, name: &str, search: &mut Search<'_>) -> Result<()> {
    let sfn = &stack.clients().sfn;
    let mut runs = sfn.list_map_runs().execution_arn(arn).into_paginator().items().send();
    while let Some(run) = runs.next().await {
        let run = run.map_err(LocalError::aws(format!("list the Maps of execution {name}")))?;
        let listed = sfn.list_executions().map_run_arn(run.map_run_arn());
        let mut listed = listed.into_paginator().items().send();
        while let Some(child) = listed.next().await {
            let child = child.map_err(LocalError::aws(format!("list the children of execution {name}")))?;
            let name = format!("{name}/{}", child.name());
            look_into(stack, api, child.execution_arn(), &name, search).await?;
        }
    }
    Ok(())
}

async fn look_into(stack: &Stack, api: &Api, arn: &str, name: &str, search: &mut Search<'_>) -> Result<()> {
    let place = Place::Execution { name: name.to_owned() };
    let execution = stack.clients().sfn.describe_execution().execution_arn(arn).send().await;
    let execution = execution.map_err(LocalError::aws(format!("read {place}")))?;
    search.look(&place, "name", name);
    let parts = [
        ("input", execution.input()),
        ("output", execution.output()),
        ("error", execution.error()),
        ("cause", execution.cause()),
    ];
    for (part, text) in parts {
        search.look(&place, part, text.unwrap_or_default());
    }
    let mut token = None;
    loop {
        let page = events(api, arn, token.as_ref())?;
        for event in page["events"].as_array().into_iter().flatten() {
            let part = format!("event {} {}", event["id"], event["type"].as_str().unwrap_or_default());
            let mut bytes = Vec::new();
            texts(&mut bytes, event);
            search.look(&place, &part, bytes);
        }
        token = page.get("nextToken").filter(|token| token.is_string()).cloned();
        if token.is_none() {
            return Ok(());
        }
    }
}

/// The history is asked for by hand: the SDK has a type for each kind of event, and
/// prints none of their contents.
fn events(api: &Api, arn: &str, token: Option<&Value>) -> Result<Value> {
    let mut request = json!({"executionArn": arn, "maxResults": PAGE_EVENTS, "includeExecutionData": true});
    if let Some(token) = token {
        request["nextToken"] = token.clone();
    }
    let reply =
        api.call("states", "application/x-amz-json-1.0", "AWSStepFunctions.GetExecutionHistory", &request)?;
    match reply.status {
        200 => reply.json(),
        _ => Err(LocalError::unexpected(format!("read the history of {arn}"), reply.text())),
    }
}

/// All texts and names of fields in a JSON value, a line each.
pub(super) fn texts(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => {
            out.extend_from_slice(text.as_bytes());
            out.push(b'\n');
        }
        Value::Array(values) => values.iter().for_each(|value| texts(out, value)),
        Value::Object(fields) => {
            for (name, value) in fields {
                out.extend_from_slice(name.as_bytes());
                out.push(b'\n');
                texts(out, value);
            }
        }
        Value::Number(number) => out.extend(format!("{number}\n").bytes()),
        Value::Null | Value::Bool(_) => {}
    }
}
