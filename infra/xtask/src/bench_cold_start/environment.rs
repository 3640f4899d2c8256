use std::process::Command;

use crate::root;

/// What Lambda sets for every function, with credentials that are none.
const OF_LAMBDA: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEEXAMPLEEX"),
    ("AWS_SECRET_ACCESS_KEY", "example"),
    ("AWS_SESSION_TOKEN", "example"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_LAMBDA_FUNCTION_NAME", "cold-start"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/cold-start"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "cold-start"),
    ("_HANDLER", "bootstrap"),
];

/// What `infra/template.yaml` sets for some function or other, as with its
/// default parameters: no function minds a variable too many.
const OF_TEMPLATE: &[(&str, &str)] = &[
    ("ALLOW_CACHE_SECONDS", "60"),
    ("ANCHOR_BUCKET", "habeas-anchors"),
    ("ARCHIVE_BACKSTOP_DAYS", "92"),
    ("ARCHIVE_BUCKET", "habeas-archives"),
    ("ARCHIVE_DAYS", "90"),
    ("AWS_ACCOUNT", "123456789012"),
    ("CONFIGURATION_SET", "habeas-mail"),
    ("CONSENT_FUNCTION", "habeas-consent"),
    ("DELETION_WAIT_SECONDS", "1800"),
    ("DENY_CACHE_SECONDS", "300"),
    ("DIGEST_KEY", "00000000-0000-0000-0000-000000000002"),
    ("EEA_ARCHIVE_BACKSTOP_DAYS", "92"),
    ("EEA_ARCHIVE_BUCKET", ""),
    ("EEA_REGION", ""),
    ("EEA_WORK_BUCKET", ""),
    ("EXPORT_WAIT_SECONDS", "300"),
    ("LINK_SECONDS", "300"),
    ("MAIL_LANGUAGE", "en"),
    ("NOTIFY_FUNCTION", "habeas-notify"),
    ("OPERATOR", ""),
    ("PAGE_REQUESTS_MAX", "100"),
    ("PAGE_URL", "https://privacy.habeas.example/requests"),
    ("RECEIPT_KEY", "00000000-0000-0000-0000-000000000001"),
    ("RECORD_DAYS", "731"),
    ("RELOCATION_MACHINE", "arn:aws:states:us-east-1:123456789012:stateMachine:habeas-relocation"),
    ("SENDER", "privacy@habeas.example"),
    ("SETTINGS_URL", "https://privacy.habeas.example/settings"),
    ("STATE_MACHINE", "arn:aws:states:us-east-1:123456789012:stateMachine:habeas-privacy-request"),
    ("TABLE", "habeas"),
    ("TIDY_FUNCTION", "habeas-tidy"),
    ("WORK_BUCKET", "habeas-work"),
];

/// Gives a process the environment of a function and nothing of ours, but for
/// the way to its programs.
pub(super) fn set(command: &mut Command) {
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs(OF_LAMBDA.iter().chain(OF_TEMPLATE).copied());
    // The data map and the terms lie there, as they do in a package.
    command.env("LAMBDA_TASK_ROOT", root().join("infra"));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line `NAME: value`; nothing else in the template is in capitals.
    fn variable(line: &str) -> Option<&str> {
        let (name, _) = line.trim().split_once(": ")?;
        let is_capital = |c: char| c.is_ascii_uppercase() || c == '_';
        (name.len() > 1 && name.chars().all(is_capital)).then_some(name)
    }

    #[test]
    fn every_variable_of_the_template_has_a_value() {
        let template = include_str!("../../../template.yaml");
        for name in template.lines().filter_map(variable) {
            assert!(OF_TEMPLATE.iter().any(|(known, _)| *known == name), "{name}");
        }
        assert!(template.lines().filter_map(variable).count() >= OF_TEMPLATE.len());
    }
}
