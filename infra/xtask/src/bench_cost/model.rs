use super::lambda;
use super::usage::{Kind, Usage};

/// A segment is written when it has this size (`SEGMENT_BYTES_TARGET` of `collect`).
const SEGMENT_BYTES: u64 = 32 << 20;
/// Smaller segments are no parts of their own: S3 copies none below 5 MiB.
const PART_BYTES_MIN: u64 = 5 << 20;

/// How long `collect` works before it asks to be called again: its limit less its
/// reserve, and less what one answer of a source may take.
const COLLECT_SECONDS: f64 = 780.0;
/// Each further step of `collect` is a round of its two states.
const TRANSITIONS_A_STEP: f64 = 2.0;
/// What it has found. Segments, and S3's copies of them, are counted by themselves.
const PUTS_A_STEP: f64 = 1.0;
/// The unit, the pseudonyms' key, what the step before left; and what it has found,
/// by `package`.
const GETS_A_STEP: f64 = 4.0;
/// The request's row.
const READS_A_STEP: f64 = 1.0;

/// A page of a query that is not consistent is half a unit for each of these.
const READ_BLOCK_BYTES: f64 = 4096.0;
/// Lambda gives a function its share of a core by its memory.
const CORE_MB: f64 = 1769.0;
const COLLECT_MB: f64 = 1024.0;
const PACKAGE_MB: f64 = 512.0;
/// How long S3 takes to copy a segment, by estimate. `package` asks for one after another.
const COPY_SECONDS: f64 = 0.3;
/// How long `package` works before it asks to be called again: its limit less its reserve.
const PACKAGE_SECONDS: f64 = 780.0;

/// How long an archive can be downloaded.
const KEPT_DAYS: f64 = 90.0;
const DAYS_A_MONTH: f64 = 365.25 / 12.0;

/// Exports of another size than those that were measured.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// What an export is that holds nothing of nobody.
    base: Usage,
    /// What each person adds.
    person: Usage,
    log_gb_an_invocation: f64,
    /// How many bytes a core reads, filters, compresses and writes in a second.
    bytes_per_second: f64,
}

impl Model {
    /// Draws a line through an export of one person and one of `people`.
    pub(super) fn new(one: &Usage, many: &Usage, people: u32, mb_per_second: f64) -> Self {
        let person = one.more_in(many).times(1.0 / f64::from(people.saturating_sub(1).max(1)));
        Self {
            base: person.more_in(one),
            log_gb_an_invocation: one.of(Kind::LogGb) / one.of(Kind::Invocation).max(1.0),
            person,
            bytes_per_second: mb_per_second * 1e6,
        }
    }

    /// An export of so many people with so many bytes between them, and what its
    /// archive costs afterwards. All bytes are taken to be rows of DynamoDB, and
    /// none to be saved by compressing: it is at most that.
    pub(super) fn export(&self, people: u32, bytes: u64) -> Usage {
        let segments = bytes.div_ceil(SEGMENT_BYTES).max(u64::from(people));
        let further_segments = (segments - u64::from(people)) as f64;
        let copies = if bytes / segments >= PART_BYTES_MIN { segments as f64 } else { 0.0 };
        let (bytes, gib) = (bytes as f64, bytes as f64 / lambda::GIB);
        let collecting = bytes / (self.bytes_per_second * COLLECT_MB / CORE_MB);
        // People have steps of their own, one each at least.
        let steps = (collecting / f64::from(people) / COLLECT_SECONDS).floor() * f64::from(people);
        let copying = copies * COPY_SECONDS;
        let packaged_again = (copying / PACKAGE_SECONDS).floor();
        self.base
            .clone()
            .plus(&self.person.clone().times(f64::from(people)))
            .with(Kind::StateTransition, (steps + packaged_again) * TRANSITIONS_A_STEP)
            .with(Kind::Invocation, steps + packaged_again)
            .with(Kind::LogGb, steps * self.log_gb_an_invocation)
            .with(Kind::S3Put, steps * PUTS_A_STEP + further_segments + copies)
            .with(Kind::S3Get, steps * GETS_A_STEP)
            .with(Kind::ReadUnit, steps * READS_A_STEP + bytes / READ_BLOCK_BYTES / 2.0)
            .with(Kind::GbSecond, (collecting * COLLECT_MB + copying * PACKAGE_MB) / 1024.0)
            .with(Kind::StoredGbMonth, gib * KEPT_DAYS / DAYS_A_MONTH)
            .with(Kind::DownloadedGb, gib)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(transitions: f64, puts: f64, invocations: f64) -> Usage {
        let calls = Usage::default().with(Kind::StateTransition, transitions).with(Kind::S3Put, puts);
        calls.with(Kind::Invocation, invocations).with(Kind::Mail, 2.0)
    }

    fn model() -> Model {
        Model::new(&usage(15.0, 14.0, 7.0), &usage(211.0, 112.0, 56.0), 50, 15.0)
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < expected.abs() * 1e-9 + 1e-12, "{found} and not {expected}");
    }

    #[test]
    fn what_was_measured_is_what_it_says_for_no_bytes() {
        for (people, expected) in [(1, usage(15.0, 14.0, 7.0)), (50, usage(211.0, 112.0, 56.0))] {
            let found = model().export(people, 0);
            for kind in [Kind::StateTransition, Kind::S3Put, Kind::Invocation, Kind::Mail] {
                close(found.of(kind), expected.of(kind));
            }
        }
    }

    #[test]
    fn a_gibibyte_of_one_person_is_thirty_one_further_segments_of_one_step() {
        let found = model().export(1, 1 << 30);
        close(found.of(Kind::StateTransition), 15.0);
        close(found.of(Kind::Invocation), 7.0);
        close(found.of(Kind::S3Put), 14.0 + 31.0 + 32.0);
        close(found.of(Kind::S3Get), 0.0);
        close(found.of(Kind::ReadUnit), 131_072.0);
        close(found.of(Kind::StoredGbMonth), 90.0 * 12.0 / 365.25);
        close(found.of(Kind::DownloadedGb), 1.0);
    }

    #[test]
    fn fifty_small_segments_are_gathered_and_not_copied() {
        let found = model().export(50, 1 << 20);
        close(found.of(Kind::S3Put), 112.0);
        close(found.of(Kind::StateTransition), 211.0);
    }

    #[test]
    fn a_hundred_gibibytes_are_more_than_one_invocation_can_read_or_lay_together() {
        let found = model().export(1, 100 << 30);
        close(found.of(Kind::StateTransition), 15.0 + 2.0 * (15.0 + 1.0));
        close(found.of(Kind::S3Get), 15.0 * 4.0);
        close(found.of(Kind::S3Put), 14.0 + 15.0 + 3_199.0 + 3_200.0);
    }
}
