//! Archives made as Habeas does, side by side with what somebody would pick instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use habeas_local::{Venv, target_dir};
use serde_json::Value;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::{Outcome, build, root};

const PYTHON_PACKAGES: &[&str] = &["zipstream-ng==1.9.3", "stream-zip==0.0.84"];
const PYTHON_PEERS: [&str; 3] = ["zipstream-ng", "stream-zip", "zipfile"];
const NODE_PACKAGES: &[&str] = &["archiver@7.0.1", "yazl@3.3.1"];
const NODE_PEERS: [&str; 2] = ["archiver", "yazl"];

/// What an archive is made of besides the original files.
const OWN_MEMBERS: [&str; 2] = ["manifest.json", "README.html"];

#[derive(Args)]
pub(crate) struct Options {
    /// How often each is run; medians are printed.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Another folder of files to archive, beside the generated ones.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
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

struct Peers {
    bench: PathBuf,
    python: PathBuf,
    /// None where there is no node on this machine.
    node_modules: Option<PathBuf>,
    scripts: PathBuf,
}

pub(crate) fn run(options: &Options) -> Outcome {
    build::cargo(&["build", "--release", "--package", "habeas-bench-archive"])?;
    let dir = target_dir(&root()).join("bench-archive");
    let peers = Peers::ensure(&dir)?;
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

impl Peers {
    fn ensure(dir: &Path) -> Outcome<Self> {
        let venv = Venv::ensure_with(&root(), "venv-bench", PYTHON_PACKAGES)?;
        let has_npm =
            Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success());
        let node = dir.join("node");
        if has_npm && !node.join("node_modules/yazl").exists() {
            fs::create_dir_all(&node)?;
            let mut install = Command::new("npm");
            install
                .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
                .arg(&node)
                .args(NODE_PACKAGES);
            build::run(&mut install, "npm install")?;
        }
        if !has_npm {
            eprintln!("There is no npm here: archiver and yazl are left out.");
        }
        Ok(Self {
            bench: target_dir(&root()).join("release/habeas-bench-archive"),
            python: venv.bin("python"),
            node_modules: has_npm.then(|| node.join("node_modules")),
            scripts: root().join("infra/bench-archive/peers"),
        })
    }

    fn own(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bench);
        command.args(arguments);
        command
    }

    /// Everybody once, each checked: an archive that is wrong is not timed.
    fn run_all(&self, set: &Set) -> Outcome<Vec<(String, Figures)>> {
        let work = set.scratch.join("work");
        let _ = fs::remove_dir_all(&set.scratch);
        fs::create_dir_all(&work)?;
        let archive = set.scratch.join("archive.zip");
        let collect = figures(self.own(&["collect"]).arg(&set.files).arg(&work))?;
        let package = figures(self.own(&["package"]).arg(&work))?;
        let assembled = figures(self.own(&["assemble"]).arg(&work).arg(&archive))?;
        check(set, &archive)?;
        let package = Figures { bytes: assembled.bytes, ..package };
        let both = Figures {
            cpu_us: collect.cpu_us + package.cpu_us,
            wall_us: collect.wall_us + package.wall_us,
            peak_kib: collect.peak_kib.max(package.peak_kib),
            ..package
        };
        let mut runs = vec![("package".to_owned(), package), ("collect + package".to_owned(), both)];
        let mut peer = |name: &str, command: &mut Command| -> Outcome {
            runs.push((name.to_owned(), figures(command)?));
            check(set, &archive)
        };
        peer("zip (Rust)", self.own(&["zip"]).arg(&set.files).arg(&archive))?;
        for name in PYTHON_PEERS {
            let mut python = Command::new(&self.python);
            peer(name, python.arg(self.scripts.join("peer.py")).arg(name).arg(&set.files).arg(&archive))?;
        }
        if let Some(modules) = &self.node_modules {
            for name in NODE_PEERS {
                let mut node = Command::new("node");
                node.env("NODE_PATH", modules).arg(self.scripts.join("peer.cjs"));
                peer(name, node.arg(name).arg(&set.files).arg(&archive))?;
            }
        }
        fs::remove_dir_all(&set.scratch)?;
        Ok(runs)
    }
}

/// What a process says that it took.
fn figures(command: &mut Command) -> Outcome<Figures> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let of = |name: &str| told[name].as_u64().unwrap_or_default();
    Ok(Figures {
        cpu_us: of("cpu_us"),
        wall_us: of("wall_us"),
        peak_kib: of("peak_kib"),
        bytes: of("bytes"),
        through: of("through"),
        s3_calls: of("s3_calls"),
        segments: of("segments"),
    })
}

/// Every file is in the archive, byte for byte, and nothing else.
fn check(set: &Set, archive: &Path) -> Outcome {
    let mut zip = ZipArchive::new(File::open(archive)?)?;
    let mut names = BTreeSet::new();
    for index in 0..zip.len() {
        let mut member = zip.by_index(index)?;
        let path = member.name()?.into_owned();
        let name = path.rsplit('/').next().unwrap_or_default();
        if OWN_MEMBERS.contains(&path.as_str()) {
            continue;
        }
        let mut unpacked = Hasher(Sha256::new());
        io::copy(&mut member, &mut unpacked)?;
        let mut original = Hasher(Sha256::new());
        io::copy(&mut File::open(set.files.join(name))?, &mut original)?;
        if unpacked.0.finalize() != original.0.finalize() {
            return Err(format!("{}: {path} is not what was archived", archive.display()).into());
        }
        if !names.insert(name.to_owned()) {
            return Err(format!("{}: {path} is there twice", archive.display()).into());
        }
    }
    let expected = fs::read_dir(&set.files)?.count();
    if names.len() != expected {
        return Err(format!("{}: {} of {expected} files", archive.display(), names.len()).into());
    }
    Ok(())
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn median(runs: &[Figures], of: impl Fn(&Figures) -> u64) -> f64 {
    let mut values: Vec<_> = runs.iter().map(of).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default() as f64
}

fn print(set: &Set, runs: &BTreeMap<String, Vec<Figures>>) {
    println!("\n{}", set.name);
    println!("{:<20} {:>10} {:>10} {:>10} {:>12}", "", "CPU s", "wall s", "peak MiB", "MiB");
    let cpu = |name: &str| runs.get(name).map(|runs| median(runs, |run| run.cpu_us));
    for (name, runs) in runs {
        println!(
            "{name:<20} {:>10.3} {:>10.3} {:>10.1} {:>12.2}",
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
    if let (Some(ours), Some(theirs)) = (bytes("package"), bytes("zipstream-ng")) {
        println!("the archive has {:.1}% of zipstream-ng's bytes", ours / theirs * 100.0);
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
        ],
        "large" => vec![goal("collect + package", "zipstream-ng", 3.5)],
        _ => Vec::new(),
    }
}
