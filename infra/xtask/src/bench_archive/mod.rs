//! Archives made as Habeas does, side by side with what somebody would pick instead.

mod check;
mod peers;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use habeas_local::target_dir;
use peers::{Peers, TURBO, figures};

use crate::{Outcome, root};

#[derive(Args)]
pub(crate) struct Options {
    /// How often each is run; medians are printed.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Another folder of files to archive, beside the generated ones.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Built with the feature `turbo` as well, beside what is built without.
    #[arg(long)]
    turbo: bool,
    /// A tenth of the files, for a quick look: the figures mean little.
    #[arg(long)]
    small: bool,
}

/// What one run took.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    cpu_us: u64,
    wall_us: u64,
    peak_kib: u64,
    bytes: u64,
    /// Bytes of the archive that passed through the process that assembles it.
    through: u64,
    s3_calls: u64,
    segments: u64,
}

/// The files of a set, and where its archives are made.
struct Set {
    name: String,
    files: PathBuf,
    scratch: PathBuf,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let dir = target_dir(&root()).join("bench-archive");
    let peers = Peers::ensure(&dir, options.turbo)?;
    for set in sets(&dir, &peers, options)? {
        let mut runs: BTreeMap<String, Vec<Figures>> = BTreeMap::new();
        for round in 0..options.rounds.max(1) {
            eprintln!("{}: round {} of {}", set.name, round + 1, options.rounds.max(1));
            for (name, figures) in peers.run_all(&set)? {
                runs.entry(name).or_default().push(figures);
            }
        }
        print(&set, &runs);
    }
    Ok(())
}

fn sets(dir: &Path, peers: &Peers, options: &Options) -> Outcome<Vec<Set>> {
    let tenth = if options.small { 10 } else { 1 };
    let mut sets = Vec::new();
    for (name, files, bytes_each) in [("small", 20_000 / tenth, 4 << 10), ("large", 4, (32 << 20) / tenth)] {
        let folder = dir.join(format!("records-{files}x{bytes_each}"));
        if !folder.join("done").exists() {
            let (files, bytes_each) = (files.to_string(), bytes_each.to_string());
            let content = folder.join("files");
            figures(peers.own(&["generate"]).arg(&content).args([files, bytes_each]))?;
            File::create(folder.join("done"))?;
        }
        sets.push(Set { name: name.into(), files: folder.join("files"), scratch: folder.join("scratch") });
    }
    if let Some(data) = &options.data {
        let scratch = dir.join("data-scratch");
        sets.push(Set { name: data.display().to_string(), files: data.canonicalize()?, scratch });
    }
    Ok(sets)
}

fn median(runs: &[Figures], of: impl Fn(&Figures) -> u64) -> f64 {
    let mut values: Vec<_> = runs.iter().map(of).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default() as f64
}

fn print(set: &Set, runs: &BTreeMap<String, Vec<Figures>>) {
    println!("\n{}", set.name);
    println!("{:<25} {:>10} {:>10} {:>10} {:>12}", "", "CPU s", "wall s", "peak MiB", "MiB");
    let cpu = |name: &str| runs.get(name).map(|runs| median(runs, |run| run.cpu_us));
    for (name, runs) in runs {
        println!(
            "{name:<25} {:>10.3} {:>10.3} {:>10.1} {:>12.2}",
            median(runs, |run| run.cpu_us) / 1e6,
            median(runs, |run| run.wall_us) / 1e6,
            median(runs, |run| run.peak_kib) / 1024.0,
            median(runs, |run| run.bytes) / 1_048_576.0,
        );
    }
    let Some(package) = runs.get("package").and_then(|runs| runs.first()) else { return };
    let share = package.through as f64 / package.bytes as f64 * 100.0;
    println!(
        "package: {} segments, {} calls of S3, {share:.2}% of the archive's bytes through the process",
        package.segments, package.s3_calls
    );
    for goal in goals(&set.name) {
        let (Some(ours), Some(theirs)) = (cpu(goal.ours), cpu(goal.theirs)) else { continue };
        let ratio = theirs / ours;
        let reached = if ratio >= goal.times { "" } else { "  NOT REACHED" };
        let Goal { ours, theirs, times } = goal;
        println!("{theirs} takes {ratio:.1} times the CPU of {ours}; to be {times} at least{reached}");
    }
    let bytes = |name: &str| runs.get(name).map(|runs| median(runs, |run| run.bytes));
    for name in ["collect + package", TURBO] {
        let (Some(ours), Some(theirs)) = (bytes(name), bytes("zipstream-ng")) else { continue };
        println!("{name}: the archive has {:.1}% of zipstream-ng's bytes", ours / theirs * 100.0);
    }
}

/// By how much less CPU an archive is to be made.
struct Goal {
    ours: &'static str,
    theirs: &'static str,
    times: f64,
}

fn goals(set: &str) -> Vec<Goal> {
    let goal = |ours, theirs, times| Goal { ours, theirs, times };
    match set {
        "small" => vec![
            goal("package", "zipstream-ng", 100.0),
            goal("package", "archiver", 400.0),
            goal("collect + package", "zipstream-ng", 6.0),
            goal(TURBO, "zipstream-ng", 10.0),
        ],
        "large" => vec![goal("collect + package", "zipstream-ng", 3.5), goal(TURBO, "zipstream-ng", 10.0)],
        _ => Vec::new(),
    }
}
