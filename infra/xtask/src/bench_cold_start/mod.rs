//! Cold starts: from the start of a function's process until it asks for its
//! first event, side by side with what somebody would write it in instead.

mod environment;
mod figures;
mod instructions;
pub(crate) mod limit;
mod package;
mod peers;
mod start;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use habeas_local::target_dir;

use crate::{Outcome, build, root};
use figures::{Figures, print};
use peers::Peer;
use start::Start;

#[derive(Args)]
pub(crate) struct Options {
    /// How often each is started; medians are printed.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// The functions to start, instead of all.
    #[arg(long, value_delimiter = ',')]
    functions: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Err("processor time is read from /proc, which only Linux has".into());
    }
    let functions = chosen(options)?;
    let packages = functions.iter().flat_map(|name| ["--package", name.as_str()]);
    build::cargo(&["build", "--bins", "--release"].into_iter().chain(packages).collect::<Vec<_>>())?;
    let binaries = target_dir(&root()).join("release");
    let peers = Peer::ensure_all(&target_dir(&root()).join("bench-cold-start"))?;
    let starts = rounds(&functions, &binaries, &peers, options.rounds.max(1))?;
    let counts = instructions::can_be_counted();
    if !counts {
        eprintln!("There is no valgrind here: instructions are not counted.");
    }
    let mut measured = Vec::new();
    for name in functions {
        let binary = binaries.join(&name);
        measured.push(Figures {
            starts: starts.get(&name).cloned().unwrap_or_default(),
            instructions: counts
                .then(|| instructions::until_the_first_event(&binary, Path::new("/dev/null")))
                .transpose()?,
            package_bytes: package::zipped_bytes(&binary)?,
            name,
        });
    }
    let peers: Vec<_> = peers.iter().map(|peer| (peer.name, &starts[peer.name][..])).collect();
    print(&measured, &peers);
    Ok(())
}

/// Everybody once in each round, so that what the machine does besides falls on
/// all alike.
fn rounds(
    functions: &[String],
    binaries: &Path,
    peers: &[Peer],
    rounds: usize,
) -> Outcome<BTreeMap<String, Vec<Start>>> {
    let mut starts: BTreeMap<String, Vec<Start>> = BTreeMap::new();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for name in functions {
            let start = start::measure(&mut Command::new(binaries.join(name)))
                .map_err(|error| format!("{name}: {error}"))?;
            starts.entry(name.clone()).or_default().push(start);
        }
        for peer in peers {
            let start =
                start::measure(&mut peer.command()).map_err(|error| format!("{}: {error}", peer.name))?;
            starts.entry(peer.name.to_owned()).or_default().push(start);
        }
    }
    Ok(starts)
}

/// The functions that were asked for, or all there are.
fn chosen(options: &Options) -> Outcome<Vec<String>> {
    let all = all_functions()?;
    if options.functions.is_empty() {
        return Ok(all);
    }
    match options.functions.iter().find(|name| !all.contains(name)) {
        Some(unknown) => Err(format!("{unknown} is none of {}", all.join(", ")).into()),
        None => Ok(options.functions.clone()),
    }
}

/// Every folder of `functions` that is a program; the crates that they share are not.
fn all_functions() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in root().join("functions").read_dir()? {
        let folder: PathBuf = entry?.path();
        if folder.join("src/main.rs").exists() {
            names.extend(folder.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}
