use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// All metrics, under the names that dashboards and alarms use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Requests that were filed and that the sweep had to start.
    RequestsStartedBySweep,
    /// Requests that lost their workflow and that the sweep ended.
    RequestsFailedBySweep,
    /// Warnings to the operator of requests due soon, or late.
    RequestsEscalated,
    /// Requests that are late.
    RequestsOverdue,
    /// Deletions that were filed of what a released hold had kept.
    FollowUpsFiled,
    /// Archives that were removed because their time was over.
    ArchivesExpired,
    /// Moves of an account's archives that broke off and were started again.
    MovesBrokenOff,
    /// Archives that could not be moved this time.
    ArchivesNotMoved,
    /// What a sweep could not do.
    SweepLeft,
    /// Records of the table's stream that cannot be read.
    EventsUnreadable,
    /// Mails that came back.
    MailsBounced,
    /// Mails that recipients called spam.
    MailsComplained,
    /// Accounts whose consents to earlier terms were written down as lapsed.
    ConsentsLapsed,
    /// Consents of which somebody could not be told in a day.
    ConsentMailsGivenUp,
    /// Consents whose mails, or lapse, could not be done this time.
    ConsentsLeft,
}

const NAMESPACE: &str = "Habeas";

/// Writes metrics to the log in CloudWatch's embedded metric format, from which
/// CloudWatch makes them: no call, and nothing to wait for. All are counts.
pub fn emit(at: DateTime<Utc>, metrics: &[(Metric, u32)]) {
    let line = embedded(at, metrics);
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        tracing::warn!(%error, "metrics not written");
    }
}

fn embedded(at: DateTime<Utc>, metrics: &[(Metric, u32)]) -> Value {
    let names = metrics.iter().map(|(metric, _)| json!({"Name": format!("{metric:?}"), "Unit": "Count"}));
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [[]],
        "Metrics": names.collect::<Vec<_>>(),
    });
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({"Timestamp": at.timestamp_millis(), "CloudWatchMetrics": [directive]}),
    );
    for (metric, count) in metrics {
        line.insert(format!("{metric:?}"), json!(count));
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_form_that_cloudwatch_reads() {
        let at = "2026-01-05T10:00:00Z".parse().unwrap();
        assert_eq!(
            embedded(at, &[(Metric::ArchivesExpired, 3)]),
            json!({
                "_aws": {
                    "Timestamp": 1_767_607_200_000_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Habeas",
                        "Dimensions": [[]],
                        "Metrics": [{"Name": "ArchivesExpired", "Unit": "Count"}],
                    }],
                },
                "ArchivesExpired": 3,
            })
        );
    }
}
