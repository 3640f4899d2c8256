//! One export, done by the functions themselves: each is started as Lambda would
//! start it, and measured from outside. What they ask AWS for goes to a table in
//! memory, to files that are made up while they are read, and to a store that
//! speaks S3.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod buckets;
mod export;
mod files;
mod function;
mod http;
mod measure;
mod request;
mod runtime;
mod serve;
mod stage;
mod traffic;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use habeas_lambda::chain;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Exports a person's files, and prints what that took.
#[derive(Parser)]
struct Options {
    /// Where the functions' programs are.
    #[arg(long, value_name = "DIR")]
    functions: PathBuf,
    /// Where a store answers that speaks S3, such as 127.0.0.1:8333.
    #[arg(long, value_name = "ADDRESS")]
    store: SocketAddr,
    /// Where the functions' logs go.
    #[arg(long, value_name = "DIR")]
    scratch: PathBuf,
    /// How many files there are.
    #[arg(long)]
    files: u64,
    #[arg(long)]
    bytes_each: u64,
    /// The size of the first file, where it has another one.
    #[arg(long)]
    first_bytes: Option<u64>,
    /// Where to put the archive. It is thrown away otherwise.
    #[arg(long, value_name = "FILE")]
    archive: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match export::run(&Options::parse()).await {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}
