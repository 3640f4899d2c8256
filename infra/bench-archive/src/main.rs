//! One step of making an archive, measured by itself: its processor time and its
//! peak of memory are those of a process that does nothing else.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod generate;
mod measure;
mod ours;
mod zip_crate;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
enum Step {
    /// Writes files that compress like text.
    Generate { folder: PathBuf, files: u64, bytes_each: usize },
    /// Compresses the files of a folder into segments, as `collect` does.
    Collect { files: PathBuf, work: PathBuf },
    /// Plans the archive and makes what is not copied by S3, as `package` does.
    Package { work: PathBuf },
    /// Puts the archive together, as S3 would. Not measured.
    Assemble { work: PathBuf, archive: PathBuf },
    /// Makes an archive of a folder by the crate `zip`.
    Zip { files: PathBuf, archive: PathBuf },
}

fn main() -> ExitCode {
    match run(Step::parse()) {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a step has to tell, with what it took.
fn run(step: Step) -> Outcome<Value> {
    let started = std::time::Instant::now();
    let mut figures = match step {
        Step::Generate { folder, files, bytes_each } => generate::files(&folder, files, bytes_each)?,
        Step::Collect { files, work } => ours::collect(&files, &work)?,
        Step::Package { work } => ours::package(&work)?,
        Step::Assemble { work, archive } => ours::assemble(&work, &archive)?,
        Step::Zip { files, archive } => zip_crate::zip(&files, &archive)?,
    };
    measure::add_to(&mut figures, started.elapsed())?;
    Ok(figures)
}
