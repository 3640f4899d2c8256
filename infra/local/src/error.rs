use std::error::Error;
use std::path::{Path, PathBuf};

type Source = Box<dyn Error + Send + Sync>;

/// What can go wrong with a local stack, each with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("could not {action} {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "python3 was not found: install Python 3.10 or newer (Debian and Ubuntu: `apt install python3 python3-venv`, macOS: `brew install python`)"
    )]
    PythonMissing,
    #[error(
        "python3 could not make a virtual environment: install its venv module (Debian and Ubuntu: `apt install python3-venv`)\n{output}"
    )]
    VenvModuleMissing { output: String },
    #[error(
        "pip could not install {packages}: check the network, or PIP_INDEX_URL and PIP_PROXY where a mirror or a proxy is used, and try again\n{output}"
    )]
    PackagesNotInstalled { packages: String, output: String },
    #[error("port {port} is taken: choose another one, or none and a free one is used")]
    PortTaken { port: u16 },
    #[error("no local stack {name:?} is up: start it with `cargo xtask local up`")]
    NotUp { name: String },
    #[error("a stack name is 1 to 40 lower-case letters, digits and hyphens, which {name:?} is not")]
    BadName { name: String },
    #[error("the emulator {problem}; the end of {} reads:\n{tail}", log.display())]
    Emulator { problem: String, log: PathBuf, tail: String },
    #[error(
        "the binary of function {function:?} is not at {}: build it with `cargo build -p {function}`", path.display()
    )]
    BinaryMissing { function: String, path: PathBuf },
    #[error("{} is no template that can be deployed: {problem}", path.display())]
    Template { path: PathBuf, problem: String },
    #[error("the deploy of stack {stack:?} ended in {status}:\n{reasons}")]
    DeployFailed { stack: String, status: String, reasons: String },
    #[error("the deploy of stack {stack:?} was still {status} after {seconds} s")]
    DeployTimedOut { stack: String, status: String, seconds: u64 },
    #[error("stack {stack:?} has no output {output:?}: add it to the template's Outputs")]
    OutputMissing { stack: String, output: String },
    #[error(
        "{resource}.{property} is in the template, the emulator drops it, and the local stack does not know how to apply it: teach infra/local/src/dropped.rs"
    )]
    NotApplied { resource: String, property: String },
    #[error("no function {name:?} is deployed; there are: {known}")]
    UnknownFunction { name: String, known: String },
    #[error("{}:{line}: {problem}", file.display())]
    Data { file: PathBuf, line: u64, problem: String },
    #[error("could not {action}")]
    Aws {
        action: String,
        #[source]
        source: Source,
    },
    #[error("could not {action}: {problem}")]
    Unexpected { action: String, problem: String },
}

impl LocalError {
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    pub(crate) fn aws<E: Into<Source>>(action: impl Into<String>) -> impl FnOnce(E) -> Self {
        let action = action.into();
        move |source| Self::Aws { action, source: source.into() }
    }

    pub(crate) fn unexpected(action: impl Into<String>, problem: impl ToString) -> Self {
        Self::Unexpected { action: action.into(), problem: problem.to_string() }
    }
}
