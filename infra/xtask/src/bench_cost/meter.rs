use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use habeas_local::{EMULATOR_PACKAGES, Layout, Venv};

use super::calls::Call;
use crate::{Outcome, root};

/// The environment of the metered emulator, beside that of all others.
const VENV: &str = "venv-cost";

/// What writes the calls down. Python imports it by the name of its file.
const MODULE: &str = include_str!("../../../bench/meter.py");
const MODULE_NAME: &str = "habeas_meter";

/// The calls that a stack's emulator has answered.
pub(super) struct Meter {
    file: PathBuf,
    /// How many lines were handed on.
    seen: usize,
}

impl Meter {
    /// Makes an environment whose emulator writes its calls down, and gives the
    /// folder to start it from. What the emulator has no setting for, a module
    /// does that Python imports whenever it starts (`site`).
    pub(super) fn install(layout: &Layout) -> Outcome<(Self, PathBuf)> {
        let venv = Venv::ensure_with(&root(), VENV, EMULATOR_PACKAGES)?;
        let file = layout.state_dir().join("calls.jsonl");
        let packages = packages(&venv)?;
        fs::write(packages.join(format!("{MODULE_NAME}.py")), MODULE)?;
        let line = format!("import {MODULE_NAME}; {MODULE_NAME}.install({})\n", python_text(&file));
        fs::write(packages.join(format!("{MODULE_NAME}.pth")), line)?;
        Ok((Self { file, seen: 0 }, layout.local_dir().join(VENV)))
    }

    /// What was called since the last time.
    pub(super) fn news(&mut self) -> Outcome<Vec<Call>> {
        let lines = BufReader::new(File::open(&self.file)?).lines().collect::<Result<Vec<_>, _>>()?;
        let news = lines.iter().skip(self.seen).map(|line| serde_json::from_str::<Call>(line));
        let news = news.collect::<Result<Vec<_>, _>>()?;
        self.seen = lines.len();
        Ok(news)
    }
}

/// Where the environment's packages lie, which has Python's version in it.
fn packages(venv: &Venv) -> Outcome<PathBuf> {
    let script = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let output = Command::new(venv.bin("python")).args(["-c", script]).output()?;
    if !output.status.success() {
        return Err(format!("python: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))
}

/// A path as a literal of Python, which reads the escapes of JSON as we write them.
fn python_text(path: &Path) -> String {
    serde_json::Value::from(path.display().to_string()).to_string()
}
