use chrono::{DateTime, TimeDelta, Utc};

/// 2026-01-01T00:00:00Z in seconds since the epoch. Times here count from it.
const NEW_YEAR: i64 = 1_767_225_600;

pub(crate) const MINUTE: u32 = 60;
pub(crate) const HOUR: u32 = 60 * MINUTE;
pub(crate) const DAY: u32 = 24 * HOUR;

/// January to June, less the last day, which a late meeting may run into.
pub(crate) const DAYS: u32 = 180;

fn moment(seconds: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(NEW_YEAR + i64::from(seconds))
}

/// `2026-01-12T09:00:00Z`.
pub(crate) fn stamp(seconds: u32) -> String {
    moment(seconds).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-01`.
pub(crate) fn month(seconds: u32) -> String {
    moment(seconds).format("%Y-%m").to_string()
}

/// `2026-01-12T09:00:00.001Z`.
pub(crate) fn stamp_millis(seconds: u32, millis: u32) -> String {
    format!("{}.{millis:03}Z", moment(seconds).format("%Y-%m-%dT%H:%M:%S"))
}

/// Milliseconds since the epoch, as drawings count time.
pub(crate) fn unix_millis(seconds: u32) -> i64 {
    moment(seconds).timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_from_new_year_2026() {
        assert_eq!(stamp(0), "2026-01-01T00:00:00Z");
        assert_eq!(stamp(DAYS * DAY - 1), "2026-06-29T23:59:59Z");
        assert_eq!((month(0), month(31 * DAY)), ("2026-01".to_owned(), "2026-02".to_owned()));
        assert_eq!(stamp_millis(9 * HOUR, 7), "2026-01-01T09:00:00.007Z");
        assert_eq!(unix_millis(1), 1_767_225_601_000);
    }
}
