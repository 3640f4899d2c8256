//! What an operator asks about their data map, before it is deployed.

mod explain;
mod policy;

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use habeas_domain::{AccountId, EmailAddress};
use habeas_sources::{DataMap, MapError};

use crate::{Outcome, root};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Names every mistake in a data map, with line and column and what was expected.
    Check(File),
    /// Says where somebody would be looked for and what would become of what is found.
    ///
    /// It reads the map alone, and no personal data.
    Explain(Explain),
    /// Prints the least that the functions must be allowed, as statements of IAM.
    Policy(Policy),
}

#[derive(Args)]
pub(crate) struct File {
    /// Default: infra/data-map.toml
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Explain {
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// The account that the person is looked for in.
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    #[command(flatten)]
    map: File,
}

#[derive(Args)]
pub(crate) struct Policy {
    /// Writes the statements into infra/template.yaml, between the comments that are there for them.
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    map: File,
}

pub(crate) fn run(command: &Command) -> Outcome {
    match command {
        Command::Check(file) => {
            let map = file.read("000000000000", "us-east-1")?;
            println!("{}: no mistakes, {} sources", file.path().display(), map.sources.len());
        }
        Command::Explain(Explain { address, account, map }) => {
            let map = map.read("<AWS account>", "<AWS region>")?;
            let address = EmailAddress::parse(address).map_err(|error| format!("{address}: {error}"))?;
            let account = account.as_deref().map(AccountId::parse).transpose();
            let account = account.map_err(|error| format!("--account: {error}"))?;
            print!("{}", explain::explain(&map, &address, account.as_ref()));
        }
        Command::Policy(Policy { write: false, map }) => {
            print!("{}", policy::statements(&map.read(policy::ACCOUNT, policy::REGION)?));
        }
        Command::Policy(Policy { write: true, map }) => {
            let map = map.read(policy::ACCOUNT, policy::REGION)?;
            let path = root().join("infra/template.yaml");
            let template =
                fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let written = policy::written(&template, &map)?;
            if written == template {
                println!("{} allows what the data map needs already", path.display());
            } else {
                fs::write(&path, written).map_err(|error| format!("{}: {error}", path.display()))?;
                println!("{} allows what the data map needs now", path.display());
            }
        }
    }
    Ok(())
}

impl File {
    fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| root().join("infra/data-map.toml"))
    }

    fn read(&self, account: &str, region: &str) -> Outcome<DataMap> {
        let path = self.path();
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        DataMap::parse(&text, account, region).map_err(|MapError(mistakes)| {
            let places = mistakes.iter().map(|mistake| {
                format!("\n{}:{}:{}: {}", path.display(), mistake.line, mistake.column, mistake.what)
            });
            let count = mistakes.len();
            let noun = if count == 1 { "mistake" } else { "mistakes" };
            format!("{count} {noun} in the data map{}", places.collect::<String>()).into()
        })
    }
}
