//! Exports that become larger and larger: whether the functions' memory does too,
//! and whether other people's programs open the largest.
//!
//! The functions are the real ones, each in a process of its own, and the store is
//! SeaweedFS, which copies parts and refuses small ones as S3 does.

mod figures;
mod readers;
mod seaweedfs;
mod shapes;
mod space;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use habeas_local::target_dir;

use crate::{Outcome, build, root};
use figures::{Export, Measured};
use seaweedfs::SeaweedFs;
use shapes::{Shape, shapes};

/// What an export takes.
const FUNCTIONS: [&str; 3] = ["plan", "collect", "package"];

#[derive(Args)]
pub(crate) struct Options {
    /// How large the largest archive is. It takes a little more than twice the room on disk.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    gib: u64,
    /// An archive of 1 GiB, by functions that are built for tests: a quick try, whose figures
    /// mean little.
    #[arg(long, conflicts_with = "gib")]
    small: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Err("memory is read from /proc, which only Linux has".into());
    }
    let gib = if options.small { 1 } else { options.gib };
    let dir = target_dir(&root()).join("bench-scale");
    // What a run has left that was interrupted.
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    space::check(&dir, gib)?;
    let functions = built(options.small)?;
    let store = SeaweedFs::start(&dir)?;
    let bench = Bench { functions, store, dir: dir.clone() };
    let (mut measured, mut done) = (Vec::new(), Ok(()));
    for shape in shapes(gib, options.small) {
        match bench.run(shape) {
            Ok(export) => measured.push(export),
            Err(error) => {
                done = Err(error);
                break;
            }
        }
    }
    let archive = bench.archive();
    drop(bench);
    if archive.exists() {
        fs::remove_file(archive)?;
    }
    figures::print(&measured);
    let read = readers::print(&measured);
    // Where something has failed, its logs stay.
    done?;
    fs::remove_dir_all(&dir)?;
    read
}

/// Builds the functions, and says where they are. What runs them only passes on
/// what they say: that it is built for tests does not matter.
fn built(small: bool) -> Outcome<PathBuf> {
    let target = target_dir(&root());
    build::functions()?;
    if small {
        return Ok(target.join("debug"));
    }
    let packages = FUNCTIONS.into_iter().flat_map(|name| ["--package", name]);
    build::cargo(&["build", "--bins", "--release"].into_iter().chain(packages).collect::<Vec<_>>())?;
    Ok(target.join("release"))
}

/// Where exports are made.
struct Bench {
    functions: PathBuf,
    store: SeaweedFs,
    dir: PathBuf,
}

impl Bench {
    fn archive(&self) -> PathBuf {
        self.dir.join("archive.zip")
    }

    /// Makes an export, has its archive read where that is wanted, and leaves nothing of it.
    fn run(&self, shape: Shape) -> Outcome<Measured> {
        eprintln!("{}: {} files, {} MiB", shape.name(), shape.files, shape.bytes() >> 20);
        let export = self.export(&shape)?;
        let mut opened = Vec::new();
        if shape.is_opened {
            opened = readers::open_by_all(&self.archive())?;
            fs::remove_file(self.archive())?;
        }
        Ok(Measured { shape, export, opened })
    }

    fn export(&self, shape: &Shape) -> Outcome<Export> {
        let mut bench = Command::new(target_dir(&root()).join("debug/habeas-bench-scale"));
        // No proxy and no profile of the developer's.
        bench.env_clear();
        bench.arg("--functions").arg(&self.functions).arg("--scratch").arg(&self.dir);
        bench.arg("--store").arg(self.store.address().to_string());
        bench.arg("--files").arg(shape.files.to_string());
        bench.arg("--bytes-each").arg(shape.bytes_each.to_string());
        if let Some(bytes) = shape.first_bytes {
            bench.arg("--first-bytes").arg(bytes.to_string());
        }
        if shape.is_opened {
            bench.arg("--archive").arg(self.archive());
        }
        let output = bench.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            let (name, status, logs) = (shape.name(), output.status, self.dir.display());
            return Err(format!("{name} ended with {status}; the logs are in {logs}").into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}
