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
            Some(steps) => steps.push(index),
            None => {
                return Err(Incomplete::UnknownUnit { unit: index.unit.clone() });
            }
        }
    }
    for (unit, mut steps) in by_unit {
        steps.sort_by_key(|index| index.step);
        whole(unit, &steps)?;
    }
    Ok(())
}

/// What keeps an archive from being whole. Unit names are the planner's and
/// carry no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    #[error("unit {unit} was planned, but has no step at all")]
    NotStarted { unit: String },
    #[error("unit {unit} has no step {step}, though a later one is there")]
    Gap { unit: String, step: u32 },
    #[error("unit {unit} has step {step} more than once, or counts from 0")]
    Repeated { unit: String, step: u32 },
    #[error("unit {unit} is not finished: its step {step} is not the last, and no later one is there")]
    NotFinished { unit: String, step: u32 },
    #[error("unit {unit} goes on after step {step}, which is marked the last")]
    AfterLast { unit: String, step: u32 },
    #[error("unit {unit} was not planned")]
    UnknownUnit { unit: String },
    #[error("unit {unit}, step {step}: the members do not account for every byte of the segment")]
    Unaccounted { unit: String, step: u32 },
}

fn whole(unit: &str, steps: &[&SegmentIndex]) -> Result<(), Incomplete> {
    let unit = || unit.to_owned();
    let Some((end, before)) = steps.split_last() else {
        return Err(Incomplete::NotStarted { unit: unit() });
    };
    for (expected, index) in (1..).zip(steps) {
        let (unit, step) = (unit(), index.step);
        if step < expected {
            return Err(Incomplete::Repeated { unit, step });
        }
        if step > expected {
            let step = expected;
            return Err(Incomplete::Gap { unit, step });
        }
        if !index.accounts_for_every_byte() {
            return Err(Incomplete::Unaccounted { unit, step });
        }
    }
    if let Some(index) = before.iter().find(|index| index.last) {
        let (unit, step) = (unit(), index.step);
        return Err(Incomplete::AfterLast { unit, step });
    }
    if !end.last {
        let (unit, step) = (unit(), end.step);
        return Err(Incomplete::NotFinished { unit, step });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(unit: &str, step: u32, last: bool) -> SegmentIndex {
        SegmentIndex {
            unit: unit.into(),
            step,
            last,
            key: format!("work/{unit}/{step}"),
            bytes: 0,
            members: vec![],
            found: vec![],
        }
    }

    fn check(indexes: &[SegmentIndex]) -> Result<(), String> {
        complete(indexes, &["a".into(), "b".into()]).map_err(|error| error.to_string())
    }

    #[test]
    fn units_that_ran_to_their_end_are_whole_in_any_order() {
        let indexes = [step("b", 2, true), step("a", 1, true), step("b", 1, false)];
        assert_eq!(check(&indexes), Ok(()));
    }

    #[test]
    fn a_unit_that_never_ran_is_named() {
        let error = check(&[step("a", 1, true)]);
        assert_eq!(error, Err("unit b was planned, but has no step at all".into()));
    }

    #[test]
    fn a_gap_is_named_even_when_the_last_step_is_there() {
        let error = check(&[step("a", 1, false), step("a", 3, true), step("b", 1, true)]);
        assert_eq!(error, Err("unit a has no step 2, though a later one is there".into()));
    }

    #[test]
    fn a_unit_without_its_last_step_is_not_finished() {
        let error = check(&[step("a", 1, false), step("b", 1, true)]);
        assert_eq!(
            error,
            Err("unit a is not finished: its step 1 is not the last, and no later one is there".into())
        );
    }

    #[test]
    fn a_step_after_the_last_or_there_twice_is_named() {
        let after = [step("a", 1, true), step("a", 2, true), step("b", 1, true)];
        assert!(check(&after).is_err_and(|e| e.contains("goes on after step 1")));
        let twice = [step("a", 1, true), step("a", 1, true), step("b", 1, true)];
        assert!(check(&twice).is_err_and(|e| e.contains("step 1 more than once")));
        let zero = [step("a", 0, true), step("b", 1, true)];
        assert!(check(&zero).is_err_and(|e| e.contains("counts from 0")));
    }

    #[test]
    fn a_unit_nobody_planned_is_named() {
        let indexes = [step("a", 1, true), step("b", 1, true), step("c", 1, true)];
        assert_eq!(check(&indexes), Err("unit c was not planned".into()));
    }

    #[test]
    fn a_segment_with_bytes_no_member_owns_is_named() {
        let mut hidden = step("b", 1, true);
        hidden.bytes = 1;
        let error = check(&[step("a", 1, true), hidden]);
        assert!(error.is_err_and(|e| e.contains("unit b, step 1")));
    }
}
