use std::collections::BTreeMap;

use habeas_local::LogLine;

use super::calls::BY_THE_CLOCK;
use super::usage::{Kind, Usage};

/// CloudWatch bills each event of a log with this many bytes besides its text.
const EVENT_BYTES: usize = 26;
pub(super) const GIB: f64 = (1_u64 << 30) as f64;

/// What Lambda's reports say of the functions of one request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Invocations {
    functions: BTreeMap<String, Ran>,
    log_bytes: usize,
}

/// One function.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Ran {
    times: u32,
    billed_ms: f64,
    memory_mb: f64,
}

impl Invocations {
    /// Reads the functions' logs. What runs by the clock is left out.
    pub(super) fn of_log(lines: &[LogLine]) -> Self {
        let mut found = Self::default();
        for line in lines.iter().filter(|line| !BY_THE_CLOCK.contains(&line.function.as_str())) {
            found.log_bytes += line.message.len() + EVENT_BYTES;
            if let Some((billed_ms, memory_mb)) = report(&line.message) {
                let ran = found.functions.entry(line.function.clone()).or_default();
                *ran = Ran { times: ran.times + 1, billed_ms: ran.billed_ms + billed_ms, memory_mb };
            }
        }
        found
    }

    /// The same with what each function took when it ran alone, where more of
    /// it ran now: many at once wait for the emulator, which does one call at a
    /// time, and on AWS they would not.
    pub(super) fn if_alone(mut self, alone: &Self) -> Self {
        for (name, ran) in &mut self.functions {
            if let Some(alone) = alone.functions.get(name).filter(|alone| alone.times < ran.times) {
                ran.billed_ms = alone.billed_ms / f64::from(alone.times) * f64::from(ran.times);
            }
        }
        self
    }

    pub(super) fn usage(&self) -> Usage {
        let mut usage = Usage::default().with(Kind::LogGb, self.log_bytes as f64 / GIB);
        for ran in self.functions.values() {
            usage.add(Kind::Invocation, f64::from(ran.times));
            usage.add(Kind::GbSecond, ran.billed_ms / 1e3 * ran.memory_mb / 1024.0);
        }
        usage
    }
}

/// The billed milliseconds and the megabytes of a line that begins with REPORT.
fn report(message: &str) -> Option<(f64, f64)> {
    let fields = message.strip_prefix("REPORT ")?;
    let of = |name: &str, unit: &str| {
        let value = fields.split('\t').find_map(|field| field.trim().strip_prefix(name))?;
        value.trim().strip_suffix(unit)?.trim().parse::<f64>().ok()
    };
    Some((of("Billed Duration:", "ms")?, of("Memory Size:", "MB")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(function: &str, billed_ms: u32, memory_mb: u32) -> LogLine {
        let message = format!(
            "REPORT RequestId: 5c1f\tDuration: {billed_ms} ms\tBilled Duration: {billed_ms} ms\tMemory Size: {memory_mb} MB\tMax Memory Used: 0 MB"
        );
        LogLine { function: function.to_owned(), at_ms: 0, message }
    }

    #[test]
    fn reports_are_summed_up_and_other_lines_are_only_bytes() {
        let start = LogLine { message: "START".into(), ..line("collect", 0, 0) };
        let found = Invocations::of_log(&[
            start,
            line("collect", 500, 1024),
            line("notify", 1000, 256),
            line("sweep", 9000, 256),
        ]);
        let usage = found.usage();
        assert_eq!((usage.of(Kind::Invocation), usage.of(Kind::GbSecond)), (2.0, 0.75));
        let bytes =
            line("collect", 500, 1024).message.len() + line("notify", 1000, 256).message.len() + 5 + 3 * 26;
        assert_eq!(found.log_bytes, bytes);
    }

    #[test]
    fn many_at_once_are_taken_to_last_as_long_as_one_alone() {
        let alone = Invocations::of_log(&[line("collect", 400, 1024), line("package", 100, 512)]);
        let many = [line("collect", 9000, 1024), line("collect", 8000, 1024), line("package", 700, 512)];
        let usage = Invocations::of_log(&many).if_alone(&alone).usage();
        assert_eq!(usage.of(Kind::GbSecond), 0.8 + 0.35);
    }

    #[test]
    fn a_line_that_is_no_report_has_no_time() {
        assert_eq!(report("REPORT RequestId: 5c1f\tDuration: 1 ms"), None);
        assert_eq!(report("{\"level\":\"INFO\"}"), None);
    }
}
