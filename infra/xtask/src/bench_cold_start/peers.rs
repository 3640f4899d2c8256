use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use habeas_local::Venv;

use crate::{Outcome, build, root};

const PYTHON_PACKAGES: &[&str] = &["boto3==1.44.5"];
const NODE_PACKAGES: &[&str] = &["@aws-sdk/client-dynamodb@3.1164.0", "esbuild@0.28.2"];

pub(super) const NODE: &str = "node";
pub(super) const PYTHON: &str = "Python";

/// The same start in another language: a client of DynamoDB, and the first call.
pub(super) struct Peer {
    pub(super) name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

impl Peer {
    /// Installs what the peers need below `dir`. There is no node where npm is missing.
    pub(super) fn ensure_all(dir: &Path) -> Outcome<Vec<Self>> {
        let scripts = root().join("infra/bench/cold-start");
        let venv = Venv::ensure_with(&root(), "venv-cold-start", PYTHON_PACKAGES)?;
        let mut peers =
            vec![Self { name: PYTHON, program: venv.bin("python"), script: scripts.join("peer.py") }];
        if Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success()) {
            let script = bundle(&dir.join("node"), &scripts.join("peer.mjs"))?;
            peers.push(Self { name: NODE, program: "node".into(), script });
        } else {
            eprintln!("There is no npm here: node is left out.");
        }
        Ok(peers)
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(&self.script);
        command
    }
}

/// Makes one file of the script and all it needs, as whoever minds cold starts does.
fn bundle(dir: &Path, script: &Path) -> Outcome<PathBuf> {
    fs::create_dir_all(dir)?;
    // Packages of other versions are installed anew.
    let (stamp, wanted) = (dir.join("installed"), NODE_PACKAGES.join("\n"));
    if !fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"]).arg(dir);
        build::run(install.args(NODE_PACKAGES), "npm install")?;
        fs::write(&stamp, wanted)?;
    }
    // Imports are looked up from where the script lies.
    let (copy, bundled) = (dir.join("peer.mjs"), dir.join("peer.cjs"));
    fs::copy(script, &copy)?;
    let mut esbuild = Command::new(dir.join("node_modules/.bin/esbuild"));
    esbuild.arg(&copy).arg(format!("--outfile={}", bundled.display()));
    esbuild.args(["--bundle", "--minify", "--platform=node", "--target=node20", "--log-level=warning"]);
    build::run(&mut esbuild, "esbuild")?;
    Ok(bundled)
}
