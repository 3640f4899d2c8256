use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_cloudformation::types::{
    Capability, Parameter, ResourceStatus, Stack, StackEvent, StackStatus, TemplateStage,
};
use serde_json::Value;
use tokio::time::sleep;

use crate::{LocalError, Result};

/// The emulator deploys in seconds; this is for a machine that is very busy.
const DEPLOY_SECONDS_MAX: u64 = 300;

/// A stack as it stands after a deploy.
#[derive(Debug)]
pub(crate) struct Deployed {
    stack: String,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) parameters: BTreeMap<String, String>,
    /// A resource's name in the template to its name in the account.
    pub(crate) resources: BTreeMap<String, String>,
    /// The template after the transform.
    pub(crate) template: Value,
}

impl Deployed {
    pub(crate) fn output(&self, name: &str) -> Result<String> {
        let found = self.outputs.get(name).cloned();
        found.ok_or_else(|| LocalError::OutputMissing { stack: self.stack.clone(), output: name.to_owned() })
    }
}

/// Creates the stack or brings it up to date, and waits for the end of it.
pub(crate) async fn deploy(
    client: &Client,
    stack: &str,
    template_url: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<Deployed> {
    remove_failed(client, stack).await?;
    let parameters: Vec<Parameter> = parameters
        .iter()
        .map(|(key, value)| Parameter::builder().parameter_key(key).parameter_value(value).build())
        .collect();
    if find(client, stack).await?.is_some() {
        update(client, stack, template_url, parameters).await?;
    } else {
        create(client, stack, template_url, parameters).await?;
    }
    let found = settled(client, stack).await?;
    match found.stack_status() {
        Some(StackStatus::CreateComplete | StackStatus::UpdateComplete) => {
            describe(client, stack, &found).await
        }
        status => Err(LocalError::DeployFailed {
            stack: stack.to_owned(),
            status: status.map_or("no state", StackStatus::as_str).to_owned(),
            reasons: reasons(client, stack).await?,
        }),
    }
}

async fn create(client: &Client, stack: &str, url: &str, with: Vec<Parameter>) -> Result<()> {
    let request = client.create_stack().stack_name(stack).template_url(url);
    let created = request.set_parameters(Some(with)).set_capabilities(Some(capabilities())).send().await;
    created.map(|_| ()).map_err(|error| refused(stack, &error))
}

async fn update(client: &Client, stack: &str, url: &str, with: Vec<Parameter>) -> Result<()> {
    let request = client.update_stack().stack_name(stack).template_url(url);
    let updated = request.set_parameters(Some(with)).set_capabilities(Some(capabilities())).send().await;
    match updated {
        // Only the message tells this from other mistakes of a template.
        Err(error) if error.message().is_some_and(|m| m.contains("No updates")) => Ok(()),
        Err(error) => Err(refused(stack, &error)),
        Ok(_) => Ok(()),
    }
}

fn refused(stack: &str, error: &(impl std::error::Error + ProvideErrorMetadata)) -> LocalError {
    let reasons = error.message().map_or_else(|| DisplayErrorContext(error).to_string(), ToOwned::to_owned);
    LocalError::DeployFailed { stack: stack.to_owned(), status: "a refusal of the template".into(), reasons }
}

fn capabilities() -> Vec<Capability> {
    vec![Capability::CapabilityIam, Capability::CapabilityNamedIam, Capability::CapabilityAutoExpand]
}

/// A first deploy that failed leaves a stack that can only be deleted.
async fn remove_failed(client: &Client, stack: &str) -> Result<()> {
    let Some(found) = find(client, stack).await? else {
        return Ok(());
    };
    let dead = [
        StackStatus::RollbackComplete,
        StackStatus::RollbackFailed,
        StackStatus::CreateFailed,
        StackStatus::DeleteFailed,
    ];
    if !found.stack_status().is_some_and(|status| dead.contains(status)) {
        return Ok(());
    }
    client
        .delete_stack()
        .stack_name(stack)
        .send()
        .await
        .map_err(LocalError::aws(format!("delete the failed stack {stack}")))?;
    let deadline = deadline();
    while find(client, stack).await?.is_some() && Instant::now() < deadline {
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// None for a stack that is not there, or no longer.
async fn find(client: &Client, stack: &str) -> Result<Option<Stack>> {
    let found = client.describe_stacks().stack_name(stack).send().await;
    match found {
        Ok(reply) => Ok(reply
            .stacks
            .unwrap_or_default()
            .into_iter()
            .find(|found| found.stack_status() != Some(&StackStatus::DeleteComplete))),
        Err(error) if error.message().is_some_and(|m| m.contains("does not exist")) => Ok(None),
        Err(error) => Err(LocalError::aws(format!("describe stack {stack}"))(error)),
    }
}

async fn settled(client: &Client, stack: &str) -> Result<Stack> {
    let deadline = deadline();
    let mut status = "absent".to_owned();
    while Instant::now() < deadline {
        if let Some(found) = find(client, stack).await? {
            status = found.stack_status().map_or("no state", StackStatus::as_str).to_owned();
            if !status.ends_with("_IN_PROGRESS") {
                return Ok(found);
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err(LocalError::DeployTimedOut { stack: stack.to_owned(), status, seconds: DEPLOY_SECONDS_MAX })
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(DEPLOY_SECONDS_MAX)
}

async fn describe(client: &Client, stack: &str, found: &Stack) -> Result<Deployed> {
    let action = format!("describe stack {stack}");
    let resources =
        client.describe_stack_resources().stack_name(stack).send().await.map_err(LocalError::aws(&action))?;
    let template = client
        .get_template()
        .stack_name(stack)
        .template_stage(TemplateStage::Processed)
        .send()
        .await
        .map_err(LocalError::aws(&action))?;
    let template = serde_json::from_str(template.template_body().unwrap_or_default())
        .map_err(|error| LocalError::unexpected("read the processed template", error))?;
    let pair = |key: Option<&str>, value: Option<&str>| Some((key?.to_owned(), value?.to_owned()));
    Ok(Deployed {
        stack: stack.to_owned(),
        outputs: found
            .outputs()
            .iter()
            .filter_map(|output| pair(output.output_key(), output.output_value()))
            .collect(),
        parameters: found
            .parameters()
            .iter()
            .filter_map(|p| pair(p.parameter_key(), p.parameter_value()))
            .collect(),
        resources: resources
            .stack_resources()
            .iter()
            .filter_map(|r| pair(r.logical_resource_id(), r.physical_resource_id()))
            .collect(),
        template,
    })
}

/// What failed first is at the top; what was only canceled by it is left out.
async fn reasons(client: &Client, stack: &str) -> Result<String> {
    let events = client
        .describe_stack_events()
        .stack_name(stack)
        .send()
        .await
        .map_err(LocalError::aws(format!("read the events of stack {stack}")))?;
    let line = |event: &StackEvent| {
        let status = event.resource_status().map(ResourceStatus::as_str)?;
        let reason = event.resource_status_reason().unwrap_or("no reason given");
        let told = status.ends_with("FAILED") && !reason.contains("cancelled");
        told.then(|| {
            format!(
                "  {} ({}): {reason}",
                event.logical_resource_id().unwrap_or_default(),
                event.resource_type().unwrap_or_default(),
            )
        })
    };
    let lines: Vec<String> = events.stack_events().iter().rev().filter_map(line).collect();
    Ok(if lines.is_empty() {
        "  no resource says why: see the emulator's log".to_owned()
    } else {
        lines.join("\n")
    })
}
