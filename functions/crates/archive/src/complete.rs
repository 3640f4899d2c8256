use crate::index::SegmentIndex;
use std::collections::BTreeMap;

/// Checks that every planned unit ran to its end and that nothing is missing,
/// twice there, or from somewhere else: an archive is whole or it is not made.
///
/// The order of the indexes does not matter.
pub fn complete(indexes: &[SegmentIndex], units: &[String]) -> Result<(), Incomplete> {
    let mut by_unit: BTreeMap<&str, Vec<&SegmentIndex>> =
        units.iter().map(|unit| (unit.as_str(), vec![])).collect();
    for index in indexes {
        match by_unit.get_mut(index.unit.as_str()) {
            Some(segments) => segments.push(index),
            None => {
                return Err(Incomplete::UnknownUnit { unit: index.unit.clone() });
            }
        }
    }
    for (unit, mut segments) in by_unit {
        segments.sort_by_key(|index| index.number);
        whole(unit, &segments)?;
    }
    Ok(())
}

/// What keeps an archive from being whole. Unit names are the planner's and
/// carry no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    #[error("unit {unit} was planned, but has no segment at all")]
    NotStarted { unit: String },
    #[error("unit {unit} has no segment {number}, though a later one is there")]
    Gap { unit: String, number: u32 },
    #[error("unit {unit} has segment {number} more than once, or counts from 0")]
    Repeated { unit: String, number: u32 },
    #[error("unit {unit} is not finished: its segment {number} is not the last, and no later one is there")]
    NotFinished { unit: String, number: u32 },
    #[error("unit {unit} goes on after segment {number}, which is marked the last")]
    AfterLast { unit: String, number: u32 },
    #[error("unit {unit} was not planned")]
    UnknownUnit { unit: String },
    #[error("unit {unit}, segment {number}: the members do not account for every byte of the segment")]
    Unaccounted { unit: String, number: u32 },
}

fn whole(unit: &str, segments: &[&SegmentIndex]) -> Result<(), Incomplete> {
    let unit = || unit.to_owned();
    let Some((end, before)) = segments.split_last() else {
        return Err(Incomplete::NotStarted { unit: unit() });
    };
    for (expected, index) in (1..).zip(segments) {
        let (unit, number) = (unit(), index.number);
        if number < expected {
            return Err(Incomplete::Repeated { unit, number });
        }
        if number > expected {
            let number = expected;
            return Err(Incomplete::Gap { unit, number });
        }
        if !index.accounts_for_every_byte() {
            return Err(Incomplete::Unaccounted { unit, number });
        }
    }
    if let Some(index) = before.iter().find(|index| index.last) {
        let (unit, number) = (unit(), index.number);
        return Err(Incomplete::AfterLast { unit, number });
    }
    if !end.last {
        let (unit, number) = (unit(), end.number);
        return Err(Incomplete::NotFinished { unit, number });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Contents;

    fn segment(unit: &str, number: u32, last: bool) -> SegmentIndex {
        SegmentIndex {
            unit: unit.into(),
            number,
            last,
            key: format!("work/{unit}/{number}"),
            bytes: 0,
            contents: Contents::default(),
        }
    }

    fn check(indexes: &[SegmentIndex]) -> Result<(), String> {
        complete(indexes, &["a".into(), "b".into()]).map_err(|error| error.to_string())
    }

    #[test]
    fn units_that_ran_to_their_end_are_whole_in_any_order() {
        let indexes = [segment("b", 2, true), segment("a", 1, true), segment("b", 1, false)];
        assert_eq!(check(&indexes), Ok(()));
    }

    #[test]
    fn a_unit_that_never_ran_is_named() {
        let error = check(&[segment("a", 1, true)]);
        assert_eq!(error, Err("unit b was planned, but has no segment at all".into()));
    }

    #[test]
    fn a_gap_is_named_even_when_the_last_segment_is_there() {
        let error = check(&[segment("a", 1, false), segment("a", 3, true), segment("b", 1, true)]);
        assert_eq!(error, Err("unit a has no segment 2, though a later one is there".into()));
    }

    #[test]
    fn a_unit_without_its_last_segment_is_not_finished() {
        let error = check(&[segment("a", 1, false), segment("b", 1, true)]);
        assert_eq!(
            error,
            Err("unit a is not finished: its segment 1 is not the last, and no later one is there".into())
        );
    }

    #[test]
    fn a_segment_after_the_last_or_there_twice_is_named() {
        let after = [segment("a", 1, true), segment("a", 2, true), segment("b", 1, true)];
        assert!(check(&after).is_err_and(|e| e.contains("goes on after segment 1")));
        let twice = [segment("a", 1, true), segment("a", 1, true), segment("b", 1, true)];
        assert!(check(&twice).is_err_and(|e| e.contains("segment 1 more than once")));
        let zero = [segment("a", 0, true), segment("b", 1, true)];
        assert!(check(&zero).is_err_and(|e| e.contains("counts from 0")));
    }

    #[test]
    fn a_unit_nobody_planned_is_named() {
        let indexes = [segment("a", 1, true), segment("b", 1, true), segment("c", 1, true)];
        assert_eq!(check(&indexes), Err("unit c was not planned".into()));
    }

    #[test]
    fn a_segment_with_bytes_no_member_owns_is_named() {
        let mut hidden = segment("b", 1, true);
        hidden.bytes = 1;
        let error = check(&[segment("a", 1, true), hidden]);
        assert!(error.is_err_and(|e| e.contains("unit b, segment 1")));
    }
}
