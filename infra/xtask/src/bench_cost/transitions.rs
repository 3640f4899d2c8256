use habeas_local::Stack;

use crate::Outcome;

/// How many state transitions AWS bills of an execution that has ended: every
/// state that is entered, in it and in the children of its Distributed Maps,
/// every further try of a task, and the start of every child.
pub(super) async fn of_execution(stack: &Stack, arn: &str) -> Outcome<u32> {
    let sfn = &stack.clients().sfn;
    let mut count = of_one(stack, arn).await?;
    let mut runs = sfn.list_map_runs().execution_arn(arn).into_paginator().send();
    while let Some(page) = runs.next().await {
        for run in page?.map_runs {
            let mut children = sfn.list_executions().map_run_arn(run.map_run_arn).into_paginator().send();
            while let Some(page) = children.next().await {
                for child in page?.executions {
                    count += 1 + of_one(stack, &child.execution_arn).await?;
                }
            }
        }
    }
    Ok(count)
}

async fn of_one(stack: &Stack, arn: &str) -> Outcome<u32> {
    let mut pages = stack.clients().sfn.get_execution_history().execution_arn(arn).into_paginator().send();
    let mut types = Vec::new();
    while let Some(page) = pages.next().await {
        types.extend(page?.events.iter().map(|event| event.r#type().as_str().to_owned()));
    }
    Ok(in_history(types.iter().map(String::as_str)))
}

/// Counts the transitions of one history by the types of its events.
fn in_history<'a>(types: impl Iterator<Item = &'a str>) -> u32 {
    let (mut entered, mut tasks, mut tries) = (0, 0, 0_u32);
    for event in types {
        entered += u32::from(event.ends_with("StateEntered"));
        tasks += u32::from(event == "TaskStateEntered");
        tries += u32::from(event == "TaskScheduled");
    }
    // A task whose arguments cannot be computed is entered and never tried.
    entered + tries.saturating_sub(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_entered_and_every_further_try_is_a_transition() {
        let child = ["TaskStateEntered", "TaskScheduled", "TaskSucceeded", "TaskStateExited"];
        assert_eq!(in_history(child.into_iter()), 1);
        let retried = ["TaskScheduled", "TaskFailed", "TaskScheduled", "TaskSucceeded", "TaskStateExited"];
        let end = ["ChoiceStateEntered", "ChoiceStateExited", "SucceedStateEntered", "SucceedStateExited"];
        let all = ["ExecutionStarted", "TaskStateEntered"].into_iter().chain(retried).chain(end);
        assert_eq!(in_history(all), 4);
    }
}
