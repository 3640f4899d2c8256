mod traces;

use std::io::Write;
use std::path::PathBuf;

use aws_credential_types::Credentials;
use clap::{Args, Subcommand};
use habeas_aws::Aws;
use habeas_local::{Down, Layout, Stack, StackState, UpOptions};
use serde_json::Value;

use crate::ui::Ui;
use crate::{Outcome, build, import, root};

/// The stack that commands mean where none is named.
pub(crate) const DEFAULT_STACK: &str = "default";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Builds the functions, starts the emulator if need be, and deploys what is new.
    Up(Up),
    /// Stops the emulator. What it holds is there again at the next `up`.
    Down(Name),
    /// Shows where everything is and how to call it.
    Status(Status),
    /// Prints what a function logged, or all of them.
    Logs(Logs),
    /// Stops the emulator and removes everything it held.
    Reset(Name),
    /// Loads a folder of sample data: accounts.json, members.csv, *.jsonl, whiteboards/.
    Load(Load),
    /// Prints an ID token for a person, to call the API with.
    Token(Token),
    /// Looks for texts in all that the stack holds, and prints where they are.
    ///
    /// After a deletion it shows what is left of a person. It looks into the rows of all
    /// tables, objects in all their versions (and into ZIP archives), open uploads, mails,
    /// queues, the histories of executions, the functions' logs, and who can sign in.
    /// Upper and lower case are the same, and a text is also found as JSON, URLs and HTML
    /// write it. Finding something is no error.
    Traces(traces::Traces),
}

#[derive(Args)]
pub(crate) struct Name {
    /// Which local stack.
    #[arg(long, default_value = DEFAULT_STACK)]
    name: String,
}

#[derive(Args)]
pub(crate) struct Up {
    #[command(flatten)]
    name: Name,
    /// The port of the emulator; a free one where none is given.
    #[arg(long)]
    port: Option<u16>,
    /// Seconds until an export starts.
    #[arg(long, default_value_t = 3)]
    export_wait: u32,
    /// Seconds until a deletion starts.
    #[arg(long, default_value_t = 15)]
    deletion_wait: u32,
}

#[derive(Args)]
pub(crate) struct Status {
    #[command(flatten)]
    name: Name,
    /// For scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Logs {
    #[command(flatten)]
    name: Name,
    /// The function, or `all`.
    #[arg(default_value = "all")]
    function: String,
    /// Goes on with what is logged from now on.
    #[arg(short, long)]
    follow: bool,
}

#[derive(Args)]
pub(crate) struct Load {
    #[command(flatten)]
    name: Name,
    dir: PathBuf,
}

#[derive(Args)]
pub(crate) struct Token {
    #[command(flatten)]
    name: Name,
    email: String,
}

#[derive(Args)]
pub(crate) struct Invoke {
    #[command(flatten)]
    name: Name,
    function: String,
    /// A JSON file, such as those under `events/`.
    event: PathBuf,
}

pub(crate) async fn run(command: Command) -> Outcome {
    match command {
        Command::Up(options) => up(&options).await,
        Command::Down(Name { name }) => report(Stack::down(&Layout::new(&root(), &name)?)?, "stopped"),
        Command::Reset(Name { name }) => {
            report(Stack::reset(&Layout::new(&root(), &name)?)?, "stopped and removed")
        }
        Command::Status(options) => {
            let stack = Stack::open(&root(), &options.name.name)?;
            show(stack.state(), options.json)
        }
        Command::Logs(options) => {
            let stack = Stack::open(&root(), &options.name.name)?;
            Ok(stack.logs(&options.function, options.follow, &mut |line| {
                // A closed pipe, as with `| head`, ends the reading.
                writeln!(std::io::stdout(), "{:<10} {}", line.function, line.message.trim_end()).is_ok()
            })?)
        }
        Command::Load(options) => {
            let ui = Ui::new();
            let mut stack = Stack::open(&root(), &options.name.name)?;
            load(&mut stack, &options.dir, &ui).await?;
            ui.finish();
            show(stack.state(), false)
        }
        Command::Token(options) => {
            println!("{}", Stack::open(&root(), &options.name.name)?.token(&options.email).await?);
            Ok(())
        }
        Command::Traces(options) => traces::run(&options).await,
    }
}

/// Loads a folder into the sample application, and its people into the directory.
pub(crate) async fn load(stack: &mut Stack, dir: &std::path::Path, ui: &Ui) -> Outcome {
    let loaded = stack.load(dir, ui).await?;
    ui.say(&format!("Loaded {} rows and {} files in {:.0} s.", loaded.rows, loaded.files, loaded.seconds));
    import::folder(stack, dir, ui).await
}

/// The local stack's AWS, for the adapters that functions have.
pub(crate) fn aws_of(stack: &Stack) -> Aws {
    let state = stack.state();
    let root = Credentials::new("test", "test", None, None, "local");
    Aws::new(root, state.region.clone(), Some(state.endpoint.clone()))
}

pub(crate) async fn invoke(options: &Invoke) -> Outcome {
    let stack = Stack::open(&root(), &options.name.name)?;
    let text = std::fs::read_to_string(&options.event)
        .map_err(|error| format!("{}: {error}", options.event.display()))?;
    let event: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", options.event.display()))?;
    let reply = stack.invoke(&options.function, &event).await?;
    println!("{}", serde_json::to_string_pretty(&reply.payload)?);
    if !reply.log_tail.is_empty() {
        eprintln!("--- log\n{}", reply.log_tail.trim_end());
    }
    match reply.function_error {
        Some(_) => Err(format!("{} failed with the error above", options.function).into()),
        None => Ok(()),
    }
}

async fn up(options: &Up) -> Outcome {
    build::functions()?;
    let ui = Ui::new();
    let mut wanted =
        UpOptions::new(&root(), &options.name.name)?.waits(options.export_wait, options.deletion_wait);
    wanted.port = options.port;
    let stack = Stack::up(&wanted, &ui).await?;
    ui.finish();
    show(stack.state(), false)
}

fn report(down: Down, what: &str) -> Outcome {
    match down {
        Down::Stopped => println!("The local stack is {what}."),
        Down::WasNotUp => println!("The local stack was not up."),
    }
    Ok(())
}

/// Prints where everything is.
pub(crate) fn show(state: &StackState, json: bool) -> Outcome {
    if json {
        let mut shown = serde_json::to_value(state)?;
        shown["token_command"] = format!("cargo -q xtask local token --name {} EMAIL", state.name).into();
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    println!("The local stack `{}` is up.", state.name);
    println!("  API        {}", state.api_url);
    println!("  AWS        {} (region {}, key and secret `test`)", state.endpoint, state.region);
    println!("  table      {}", state.table);
    println!("  archives   s3://{}", state.archive_bucket);
    println!("  work       s3://{}", state.work_bucket);
    println!("  in the EEA s3://{}", state.eea_archive_bucket);
    println!("             s3://{}", state.eea_work_bucket);
    println!("  workflow   {}", state.state_machine_arn);
    println!("  mails      {}", state.inbox_url);
    println!("  log        {}", state.log_file);
    if state.accounts.is_empty() {
        println!(
            "No data is loaded. Load some with `cargo xtask local load DIR`, or run `cargo xtask demo`."
        );
        return Ok(());
    }
    println!("People to sign in as:");
    for account in &state.accounts {
        println!("  {} ({}, {})", account.name, account.plan, account.country);
        let people = [("owner", &account.owner), ("admin", &account.admin), ("member", &account.member)];
        for (role, email) in people {
            println!("    {role:<7} {}", email.as_deref().unwrap_or("-"));
        }
    }
    let admin = state.accounts.first().and_then(|account| account.admin.as_deref()).unwrap_or("EMAIL");
    println!("Call the API:");
    println!("  TOKEN=$(cargo -q xtask local token {admin})");
    println!("  curl -H \"Authorization: Bearer $TOKEN\" '{}/v1/requests'", state.api_url);
    Ok(())
}
