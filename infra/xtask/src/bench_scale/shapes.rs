const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// As many times as much, one after the other.
const TIMES: [u64; 3] = [1, 4, 16];

/// More than a local header without Zip64 can say.
pub(super) const LARGE_MEMBER_BYTES: u64 = 4 * GIB;

/// More than an end record without Zip64 can say.
pub(super) const MANY_MEMBERS: u64 = 65_535;

/// Files above 16 MiB are streamed.
const STREAMED_BYTES_MIN: u64 = 20 * MIB;

/// An export that is made: so many files of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) series: Series,
    /// None where it is no part of a series that grows.
    pub(super) times: Option<u64>,
    pub(super) files: u64,
    pub(super) bytes_each: u64,
    /// The size of the first file, where it has another one.
    pub(super) first_bytes: Option<u64>,
    /// Whether all readers open the archive.
    pub(super) is_opened: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    /// Files of 1 MiB, which fill segments.
    Full,
    /// One file, which is streamed.
    Streamed,
    /// Files of some bytes.
    Many,
    /// A file of over 4 GiB, and full segments behind it.
    Largest,
}

impl Series {
    pub(super) const ALL: [Self; 4] = [Self::Full, Self::Streamed, Self::Many, Self::Largest];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Full => "full segments",
            Self::Streamed => "one file",
            Self::Many => "small files",
            Self::Largest => "the largest",
        }
    }

    /// Whether segments are as large as the functions make them.
    pub(super) fn is_full(self) -> bool {
        matches!(self, Self::Full | Self::Largest)
    }
}

impl Shape {
    pub(super) fn name(&self) -> String {
        match self.times {
            Some(times) => format!("{}, {times} x", self.series.name()),
            None => self.series.name().to_owned(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        let first = self.first_bytes.unwrap_or(self.bytes_each);
        first + (self.files - 1) * self.bytes_each
    }

    pub(super) fn largest_file_bytes(&self) -> u64 {
        self.first_bytes.unwrap_or_default().max(self.bytes_each)
    }
}

/// All that is measured, if the largest archive has so many GiB.
pub(super) fn shapes(gib: u64, small: bool) -> Vec<Shape> {
    let single = gib * GIB / 20;
    let many = if small { 7_000 } else { 70_000 };
    let growing = |series, files: u64, bytes_each| {
        let times = |times| Shape {
            series,
            times: Some(times),
            files: if files == 1 { 1 } else { files * times },
            bytes_each: if files == 1 { bytes_each * times } else { bytes_each },
            first_bytes: None,
            is_opened: false,
        };
        TIMES.map(times)
    };
    let mut shapes = Vec::new();
    shapes.extend(growing(Series::Full, single / MIB, MIB));
    shapes.extend(growing(Series::Streamed, 1, (single / 4).max(STREAMED_BYTES_MIN)));
    shapes.extend(growing(Series::Many, many / 16, 200));
    if let Some(most) = shapes.last_mut() {
        most.is_opened = true;
    }
    let first = (LARGE_MEMBER_BYTES + GIB / 4).min(gib * GIB / 2);
    shapes.push(Shape {
        series: Series::Largest,
        times: None,
        files: 1 + (gib * GIB - first) / MIB,
        bytes_each: MIB,
        first_bytes: Some(first),
        is_opened: true,
    });
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(series: Series, gib: u64, small: bool) -> Vec<Shape> {
        shapes(gib, small).into_iter().filter(|shape| shape.series == series).collect()
    }

    #[test]
    fn a_series_grows_as_it_says() {
        for series in [Series::Full, Series::Streamed, Series::Many] {
            for (gib, small) in [(10, false), (1, true)] {
                let shapes = of(series, gib, small);
                let bytes: Vec<_> = shapes.iter().map(Shape::bytes).collect();
                assert_eq!(bytes, [bytes[0], 4 * bytes[0], 16 * bytes[0]], "{}", series.name());
            }
        }
    }

    #[test]
    fn ten_gib_show_every_limit_of_the_format() {
        let largest = of(Series::Largest, 10, false);
        assert_eq!(largest[0].bytes(), 10 * GIB);
        assert!(largest[0].largest_file_bytes() > LARGE_MEMBER_BYTES);
        assert!(of(Series::Many, 10, false)[2].files > MANY_MEMBERS);
    }

    #[test]
    fn what_is_to_be_streamed_is_larger_than_what_is_not() {
        assert!(of(Series::Streamed, 1, true)[0].bytes() > 16 * MIB);
    }
}
