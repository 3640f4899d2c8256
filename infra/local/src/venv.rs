use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

use crate::{LocalError, Result, target_dir};

/// The emulator of AWS, the transform of SAM templates, and the signatures of its tokens.
///
/// The emulator runs functions in Python by this environment too. They find boto3
/// there, as on AWS: the transform depends on it.
pub const EMULATOR_PACKAGES: &[&str] =
    &["ministack==1.5.33", "aws-sam-translator==1.115.0", "cryptography==50.0.2"];

/// What reads the templates and the sample events for mistakes.
pub const LINT_PACKAGES: &[&str] = &["cfn-lint==1.58.0", "check-jsonschema==0.39.0"];

/// A Python virtual environment with exactly the pinned packages.
#[derive(Debug, Clone)]
pub struct Venv {
    dir: PathBuf,
}

impl Venv {
    /// The environment of the emulator, made where it is not there yet.
    pub fn ensure(root: &Path) -> Result<Self> {
        Self::ensure_with(root, "venv", EMULATOR_PACKAGES)
    }

    /// An environment with other packages, such as `("venv-lint", LINT_PACKAGES)`.
    pub fn ensure_with(root: &Path, name: &str, packages: &[&str]) -> Result<Self> {
        Self::at(target_dir(root).join("local").join(name), packages)
    }

    /// The environment in this folder, remade when it is another one or broken.
    pub(crate) fn at(dir: PathBuf, packages: &[&str]) -> Result<Self> {
        let venv = Self { dir };
        let stamp = venv.dir.join("habeas-packages");
        let wanted = digest(packages);
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && venv.works() {
            return Ok(venv);
        }
        match fs::remove_dir_all(&venv.dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(LocalError::file("remove", &venv.dir)(error));
            }
            _ => {}
        }
        venv.make()?;
        venv.install(packages)?;
        // Written last: an environment without its stamp was interrupted.
        fs::write(&stamp, wanted).map_err(LocalError::file("write", &stamp))?;
        Ok(venv)
    }

    /// The program `name` that a package has installed.
    pub fn bin(&self, name: &str) -> PathBuf {
        self.dir.join("bin").join(name)
    }

    /// An upgrade of the system's Python leaves an environment that cannot start.
    fn works(&self) -> bool {
        Command::new(self.bin("python")).args(["-c", ""]).status().is_ok_and(|status| status.success())
    }

    fn make(&self) -> Result<()> {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&self.dir).output();
        match made {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(LocalError::VenvModuleMissing { output: text(&output) }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(LocalError::PythonMissing),
            Err(error) => Err(LocalError::file("make", &self.dir)(error)),
        }
    }

    fn install(&self, packages: &[&str]) -> Result<()> {
        let python = self.bin("python");
        let output = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(packages)
            .output()
            .map_err(LocalError::file("start", &python))?;
        if output.status.success() {
            return Ok(());
        }
        Err(LocalError::PackagesNotInstalled { packages: packages.join(", "), output: text(&output) })
    }
}

fn digest(packages: &[&str]) -> String {
    crate::canonical::hex(&Sha256::digest(packages.join("\n")))
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).trim().to_owned()
}
