use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use habeas_local::{Venv, target_dir};
use serde_json::Value;

use super::check::check;
use super::{Figures, Set};
use crate::{Outcome, build, root};

pub(super) const TURBO: &str = "collect + package (turbo)";

const PYTHON_PACKAGES: &[&str] = &["zipstream-ng==1.9.3", "stream-zip==0.0.84"];
const PYTHON_PEERS: [&str; 3] = ["zipstream-ng", "stream-zip", "zipfile"];
const NODE_PACKAGES: &[&str] = &["archiver@7.0.1", "yazl@3.3.1"];
const NODE_PEERS: [&str; 2] = ["archiver", "yazl"];
/// As peer.go knows it, and as it is printed.
const GO_PEER: (&str, &str) = ("archive/zip", "archive/zip (Go)");

const BUILD: [&str; 4] = ["build", "--release", "--package", "habeas-bench-archive"];

pub(super) struct Peers {
    bench: PathBuf,
    /// The bench built with the feature `turbo`, where that is asked for.
    turbo: Option<PathBuf>,
    python: PathBuf,
    /// None where there is no node on this machine.
    node_modules: Option<PathBuf>,
    /// None where there is no Go on this machine.
    go: Option<PathBuf>,
    scripts: PathBuf,
}

impl Peers {
    pub(super) fn ensure(dir: &Path, turbo: bool) -> Outcome<Self> {
        fs::create_dir_all(dir)?;
        let bench = target_dir(&root()).join("release/habeas-bench-archive");
        let turbo = turbo.then(|| with_turbo(&bench, dir)).transpose()?;
        build::cargo(&BUILD)?;
        let scripts = root().join("infra/bench-archive/peers");
        let venv = Venv::ensure_with(&root(), "venv-bench", PYTHON_PACKAGES)?;
        Ok(Self {
            bench,
            turbo,
            python: venv.bin("python"),
            node_modules: node_modules(dir)?,
            go: go(dir, &scripts)?,
            scripts,
        })
    }

    pub(super) fn own(&self, arguments: &[&str]) -> Command {
        own(&self.bench, arguments)
    }

    /// Everybody once, each checked: an archive that is wrong is not timed.
    pub(super) fn run_all(&self, set: &Set) -> Outcome<Vec<(String, Figures)>> {
        if set.scratch.exists() {
            fs::remove_dir_all(&set.scratch)?;
        }
        fs::create_dir_all(&set.scratch)?;
        let archive = set.scratch.join("archive.zip");
        let (package, both) = habeas(&self.bench, set, &archive)?;
        let mut runs = vec![("package".to_owned(), package), ("collect + package".to_owned(), both)];
        if let Some(turbo) = &self.turbo {
            let (_, both) = habeas(turbo, set, &archive)?;
            runs.push((TURBO.to_owned(), both));
        }
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
        if let Some(go) = &self.go {
            let (library, name) = GO_PEER;
            peer(name, Command::new(go).arg(library).arg(&set.files).arg(&archive))?;
        }
        fs::remove_dir_all(&set.scratch)?;
        Ok(runs)
    }
}

fn own(bench: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(bench);
    command.args(arguments);
    command
}

/// What `package` took, and what it took together with `collect`.
fn habeas(bench: &Path, set: &Set, archive: &Path) -> Outcome<(Figures, Figures)> {
    let work = set.scratch.join("work");
    fs::create_dir(&work)?;
    let collect = figures(own(bench, &["collect"]).arg(&set.files).arg(&work))?;
    let package = figures(own(bench, &["package"]).arg(&work))?;
    let assembled = figures(own(bench, &["assemble"]).arg(&work).arg(archive))?;
    check(set, archive)?;
    fs::remove_dir_all(&work)?;
    let package = Figures { bytes: assembled.bytes, ..package };
    let both = Figures {
        cpu_us: collect.cpu_us + package.cpu_us,
        wall_us: collect.wall_us + package.wall_us,
        peak_kib: collect.peak_kib.max(package.peak_kib),
        ..package
    };
    Ok((package, both))
}

/// The bench with the feature, put aside: the build without it has the same name.
fn with_turbo(bench: &Path, dir: &Path) -> Outcome<PathBuf> {
    build::cargo(&[BUILD.as_slice(), &["--features", "turbo"]].concat())?;
    let turbo = dir.join("habeas-bench-archive-turbo");
    fs::copy(bench, &turbo)?;
    Ok(turbo)
}

fn node_modules(dir: &Path) -> Outcome<Option<PathBuf>> {
    if !is_here("npm", "--version") {
        eprintln!("There is no npm here: archiver and yazl are left out.");
        return Ok(None);
    }
    let node = dir.join("node");
    if !node.join("node_modules/yazl").exists() {
        fs::create_dir_all(&node)?;
        let mut install = Command::new("npm");
        install
            .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
            .arg(&node)
            .args(NODE_PACKAGES);
        build::run(&mut install, "npm install")?;
    }
    Ok(Some(node.join("node_modules")))
}

/// Built by whatever Go there is; it needs nothing but its standard library.
fn go(dir: &Path, scripts: &Path) -> Outcome<Option<PathBuf>> {
    if !is_here("go", "version") {
        eprintln!("There is no go here: its archive/zip is left out.");
        return Ok(None);
    }
    let peer = dir.join("peer-go");
    let mut compile = Command::new("go");
    compile
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .env("GOCACHE", dir.join("go-cache"))
        .args(["build", "-o"])
        .arg(&peer)
        .arg(scripts.join("peer.go"));
    build::run(&mut compile, "go build")?;
    Ok(Some(peer))
}

fn is_here(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// What a process says that it took.
pub(super) fn figures(command: &mut Command) -> Outcome<Figures> {
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
