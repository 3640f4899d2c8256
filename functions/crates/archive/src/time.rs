use serde::{Deserialize, Serialize};

/// When a member was last changed, as ZIP writes it: two seconds precise, no
/// time zone. Habeas always means UTC.
///
/// ZIP counts years from 1980 in seven bits, so every value is clamped into
/// 1980 to 2107 rather than refused: a wrong date in a header must never stop
/// somebody's export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "(u16, u16)", from = "(u16, u16)")]
pub struct DosTime {
    date: u16,
    time: u16,
}

impl DosTime {
    /// The first moment ZIP can write, 1980-01-01 00:00:00.
    pub const EARLIEST: Self = Self { date: (1 << 5) | 1, time: 0 };

    /// Month and day count from 1, as in a calendar.
    pub fn new(year: i32, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Self {
        if year < 1980 {
            return Self::EARLIEST;
        }
        if year > 2107 {
            return Self::new(2107, 12, 31, 23, 59, 58);
        }
        let month = month.clamp(1, 12);
        let day = day.clamp(1, days_in(year, month));
        let date = ((year.unsigned_abs() - 1980) << 9) | (month << 5) | day;
        let time = (hour.min(23) << 11) | (minute.min(59) << 5) | (second.min(59) / 2);
        Self { date: low_half(date), time: low_half(time) }
    }

    pub(crate) fn date(self) -> u16 {
        self.date
    }

    pub(crate) fn time(self) -> u16 {
        self.time
    }
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The fields are clamped before they are packed, so nothing is cut here.
fn low_half(packed: u32) -> u16 {
    u16::try_from(packed).unwrap_or(u16::MAX)
}

impl From<DosTime> for (u16, u16) {
    fn from(time: DosTime) -> Self {
        (time.date, time.time)
    }
}

impl From<(u16, u16)> for DosTime {
    fn from((date, time): (u16, u16)) -> Self {
        Self { date, time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_packed_as_dos_packs_it() {
        let time = DosTime::new(2026, 3, 31, 13, 37, 42);
        assert_eq!(time.date(), (46 << 9) | (3 << 5) | 31);
        assert_eq!(time.time(), (13 << 11) | (37 << 5) | 21);
    }

    #[test]
    fn a_time_zip_cannot_write_is_clamped() {
        assert_eq!(DosTime::new(1970, 5, 5, 5, 5, 5), DosTime::EARLIEST);
        let latest = DosTime::new(2107, 12, 31, 23, 59, 59);
        assert_eq!(DosTime::new(2108, 1, 1, 0, 0, 0), latest);
        assert_eq!(DosTime::new(2026, 2, 31, 99, 99, 99), DosTime::new(2026, 2, 28, 23, 59, 59));
        assert_eq!(DosTime::new(2028, 0, 0, 0, 0, 0), DosTime::new(2028, 1, 1, 0, 0, 0));
    }
}
