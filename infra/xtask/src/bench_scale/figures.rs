use std::collections::BTreeMap;

use serde::Deserialize;

use super::readers::Opened;
use super::shapes::{LARGE_MEMBER_BYTES, MANY_MEMBERS, Series, Shape};

const MIB: f64 = 1_048_576.0;

/// What a function may have besides what one unit needs: the longest body that it
/// sends or gets.
const PEAK_MIB_MAX: f64 = 40.0;

/// How far peaks may be apart that count as the same.
const SAME_WITHIN: f64 = 1.1;

/// Of an archive's bytes, where segments are full.
const THROUGH_PERCENT_MAX: f64 = 0.1;

/// Calls that `package` may make besides one for each segment.
const CALLS_BESIDES_MAX: u64 = 4;

/// An archive whose end record needs Zip64 for where the directory is.
const LARGE_ARCHIVE_BYTES: u64 = 1 << 32;

/// An export, and what it took.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) shape: Shape,
    pub(super) export: Export,
    /// Empty where nobody was to open the archive.
    pub(super) opened: Vec<(&'static str, Opened)>,
}

/// As `habeas-bench-scale` prints it.
#[derive(Debug, Deserialize)]
pub(super) struct Export {
    steps: u64,
    segments: u64,
    archive_bytes: u64,
    collect: Function,
    package: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    took: Took,
    traffic: Traffic,
}

#[derive(Debug, Deserialize)]
struct Took {
    peak_kib: u64,
    cpu_us: u64,
    wall_us: u64,
}

/// With the store alone, and not with the table or the source.
#[derive(Debug, Deserialize)]
struct Traffic {
    calls: BTreeMap<String, u64>,
    through: u64,
    longest: u64,
}

impl Function {
    fn peak_mib(&self) -> f64 {
        self.took.peak_kib as f64 / 1024.0
    }

    fn unit_mib(&self) -> f64 {
        self.traffic.longest as f64 / MIB
    }

    fn calls(&self) -> u64 {
        self.traffic.calls.values().sum()
    }
}

impl Measured {
    fn through_percent(&self) -> f64 {
        self.export.package.traffic.through as f64 / self.export.archive_bytes as f64 * 100.0
    }
}

/// A function of an export's.
type Of = fn(&Export) -> &Function;

const FUNCTIONS: [(&str, Of); 2] =
    [("collect", |export| &export.collect), ("package", |export| &export.package)];

pub(super) fn print(measured: &[Measured]) {
    for (name, of) in FUNCTIONS {
        println!("\n{name}");
        println!(
            "{:<22} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10}",
            "", "files", "MiB", "steps", "segments", "peak MiB", "unit MiB", "CPU s", "wall s", "S3 calls"
        );
        for export in measured {
            let function = of(&export.export);
            println!(
                "{:<22} {:>9} {:>9.1} {:>9} {:>9} {:>9.1} {:>9.1} {:>9.2} {:>9.1} {:>10}",
                export.shape.name(),
                export.shape.files,
                export.export.archive_bytes as f64 / MIB,
                export.export.steps,
                export.export.segments,
                function.peak_mib(),
                function.unit_mib(),
                function.took.cpu_us as f64 / 1e6,
                function.took.wall_us as f64 / 1e6,
                function.calls(),
            );
        }
    }
    println!();
    if let Some(largest) = measured.last() {
        let calls = &largest.export.package.traffic.calls;
        let calls: Vec<_> = calls.iter().map(|(operation, count)| format!("{operation} {count}")).collect();
        println!("package of {}: {}", largest.shape.name(), calls.join(", "));
    }
    for goal in goals(measured) {
        println!("{goal}");
    }
}

/// Each goal with how far the worst export is from it.
fn goals(measured: &[Measured]) -> Vec<String> {
    let mut goals = Vec::new();
    for (name, of) in FUNCTIONS {
        goals.extend(peak(measured, name, of));
        for series in Series::ALL {
            goals.extend(growth(measured, name, of, series));
        }
    }
    goals.extend(through(measured));
    goals.extend(calls(measured));
    goals.push(sizes(measured));
    goals
}

fn peak(measured: &[Measured], name: &str, of: Of) -> Option<String> {
    let besides = |export: &&Measured| of(&export.export).peak_mib() - of(&export.export).unit_mib();
    let worst = measured.iter().max_by(|a, b| besides(a).total_cmp(&besides(b)))?;
    let (shape, peak, unit) =
        (worst.shape.name(), of(&worst.export).peak_mib(), of(&worst.export).unit_mib());
    Some(goal(
        besides(&worst) <= PEAK_MIB_MAX,
        &format!(
            "{name}: {PEAK_MIB_MAX} MiB and a unit at most: {peak:.1} MiB with one of {unit:.1} ({shape})"
        ),
    ))
}

fn growth(measured: &[Measured], name: &str, of: Of, series: Series) -> Option<String> {
    let exports =
        measured.iter().filter(|export| export.shape.series == series && export.shape.times.is_some());
    let peaks: Vec<_> = exports.map(|export| of(&export.export).peak_mib()).collect();
    let least = peaks.iter().copied().min_by(f64::total_cmp)?;
    let most = peaks.iter().copied().max_by(f64::total_cmp)?;
    let told: Vec<_> = peaks.iter().map(|peak| format!("{peak:.1}")).collect();
    Some(goal(
        most <= least * SAME_WITHIN,
        &format!("{name}: the same at 1, 4 and 16 times {}: {} MiB", series.name(), told.join(", ")),
    ))
}

fn through(measured: &[Measured]) -> Option<String> {
    let full = measured.iter().filter(|export| export.shape.series.is_full());
    let worst = full.max_by(|a, b| a.through_percent().total_cmp(&b.through_percent()))?;
    let percent = worst.through_percent();
    Some(goal(
        percent <= THROUGH_PERCENT_MAX,
        &format!(
            "package: {THROUGH_PERCENT_MAX}% of the bytes of full segments through it at most: {percent:.3}% ({})",
            worst.shape.name()
        ),
    ))
}

fn calls(measured: &[Measured]) -> Option<String> {
    let besides = |export: &&Measured| export.export.package.calls().saturating_sub(export.export.segments);
    let worst = measured.iter().max_by_key(besides)?;
    let (calls, segments) = (worst.export.package.calls(), worst.export.segments);
    Some(goal(
        besides(&worst) <= CALLS_BESIDES_MAX,
        &format!(
            "package: S3 calls, segments + {CALLS_BESIDES_MAX} at most: {calls} for {segments} ({})",
            worst.shape.name()
        ),
    ))
}

fn sizes(measured: &[Measured]) -> String {
    let file = measured.iter().map(|export| export.shape.largest_file_bytes()).max().unwrap_or_default();
    let archive = measured.iter().map(|export| export.export.archive_bytes).max().unwrap_or_default();
    let files = measured.iter().map(|export| export.shape.files).max().unwrap_or_default();
    goal(
        file > LARGE_MEMBER_BYTES && archive > LARGE_ARCHIVE_BYTES && files > MANY_MEMBERS,
        &format!(
            "a member over 4 GiB, an archive over 4 GiB, and over 65,535 members: {:.2} GiB, {:.2} GiB, {files}",
            file as f64 / MIB / 1024.0,
            archive as f64 / MIB / 1024.0,
        ),
    )
}

fn goal(reached: bool, text: &str) -> String {
    format!("{text}; {}", if reached { "reached" } else { "NOT REACHED" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::shapes::shapes;
    use super::*;

    fn measured(shape: Shape, peak_mib: u64, segments: u64, calls: u64, through: u64) -> Measured {
        let function = json!({
            "took": {"peak_kib": peak_mib * 1024, "cpu_us": 1, "wall_us": 1},
            "traffic": {"calls": {"GetObject": calls}, "through": through, "longest": 32 << 20},
        });
        let export = json!({
            "steps": 1,
            "segments": segments,
            "archive_bytes": 10_u64 << 30,
            "collect": function,
            "package": function,
        });
        Measured { shape, export: serde_json::from_value(export).unwrap(), opened: vec![] }
    }

    #[test]
    fn the_worst_export_decides_whether_a_goal_is_reached() {
        let peaks = [70, 72, 71, 60, 61, 60, 40, 60, 200, 72];
        let shapes = shapes(10, false).into_iter().zip(peaks);
        let measured: Vec<_> = shapes
            .map(|(shape, peak)| {
                let is_large = shape.times.is_none();
                let (segments, calls) = if is_large { (185, 190) } else { (16, 20) };
                measured(shape, peak, segments, calls, 12 << 20)
            })
            .collect();
        let goals = goals(&measured);
        let found = |text: &str| goals.iter().any(|goal| goal == text);
        assert!(
            found(
                "collect: 40 MiB and a unit at most: 200.0 MiB with one of 32.0 (small files, 16 x); NOT REACHED"
            ),
            "{goals:#?}"
        );
        assert!(found("package: the same at 1, 4 and 16 times full segments: 70.0, 72.0, 71.0 MiB; reached"));
        assert!(
            found("collect: the same at 1, 4 and 16 times small files: 40.0, 60.0, 200.0 MiB; NOT REACHED"),
            "{goals:#?}"
        );
        assert!(found("package: S3 calls, segments + 4 at most: 190 for 185 (the largest); NOT REACHED"));
        assert!(goals.iter().any(|goal| goal.contains("0.117%") && goal.ends_with("NOT REACHED")));
        assert!(goals.iter().any(|goal| goal.ends_with("4.25 GiB, 10.00 GiB, 70000; reached")), "{goals:#?}");
        assert!(!goals.iter().any(|goal| goal.contains("times the largest")));
    }
}
