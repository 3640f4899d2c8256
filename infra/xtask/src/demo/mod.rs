mod archive;
mod cast;
mod follow;
mod proof;
mod receipt;

use std::path::{Path, PathBuf};

use clap::Args;
use habeas_local::{Api, Progress, Response, Snapshot, Stack, UpOptions, target_dir};
use serde_json::{Value, json};

use crate::local::{DEFAULT_STACK, load, show};
use crate::ui::Ui;
use crate::{Outcome, build, root};
use cast::Cast;
use follow::follow;

/// Waits of the demo: an export starts at once, a deletion can be taken back first.
const EXPORT_WAIT_SECONDS: u32 = 3;
const DELETION_WAIT_SECONDS: u32 = 15;

#[derive(Args)]
pub(crate) struct Options {
    /// A folder to load instead of the generated data: accounts.json, members.csv, *.jsonl, whiteboards/.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The people to export, instead of a choice of the demo's own.
    #[arg(long, value_delimiter = ',')]
    export: Vec<String>,
    /// The person to delete, instead of a choice of the demo's own.
    #[arg(long)]
    delete: Option<String>,
}

/// Runs a real export and a real deletion, and checks everything it shows.
pub(crate) async fn run(options: &Options) -> Outcome {
    build::functions()?;
    let ui = Ui::new();
    ui.heading("The local stack");
    let wanted = UpOptions::new(&root(), DEFAULT_STACK)?.waits(EXPORT_WAIT_SECONDS, DELETION_WAIT_SECONDS);
    let mut stack = Stack::up(&wanted, &ui).await?;

    let dir = data(options, &ui)?;
    let cast = Cast::choose(options, &dir)?;
    load(&mut stack, &dir, &ui).await?;
    let api = stack.api_as(&cast.admin).await?;
    ui.say(&format!("Signed in as {}, an administrator.", cast.admin));

    let seen = stack.mails()?.len();
    let archive = export(&stack, &api, &cast, &dir, &ui).await?;
    delete(&stack, &api, &cast, &dir, &ui).await?;
    mails(&stack, &cast, seen, &ui)?;

    ui.finish();
    println!("\n== To go on from here");
    println!("  the archive   {}", archive.display());
    println!("  the data      {}", dir.display());
    show(stack.state(), false)?;
    println!("  cargo xtask local logs collect    what a function logged");
    println!("  cargo xtask local down            stops the stack");
    Ok(())
}

fn data(options: &Options, ui: &Ui) -> Outcome<PathBuf> {
    if let Some(dir) = &options.data {
        return dir.canonicalize().map_err(|error| format!("{}: {error}", dir.display()).into());
    }
    let dir = target_dir(&root()).join("demo").join("data");
    ui.step("Generating data");
    let made = habeas_sample_data::generate(&dir)?;
    ui.say(&format!("Generated {} people in {} accounts: {}", made.people, made.accounts, dir.display()));
    Ok(dir)
}

async fn export(stack: &Stack, api: &Api, cast: &Cast, dir: &Path, ui: &Ui) -> Outcome<PathBuf> {
    ui.heading(&format!("An export of {} people", cast.exported.len()));
    let body = json!({"kind": "export", "subjects": cast.exported});
    let filed = expect(api.post("/v1/requests", &body)?, 201)?;
    let id = text(&filed, "id")?;
    ui.say(&format!("Filed {id}, to be answered by {}.", text(&filed, "due_at")?));
    let ended = follow(stack, api, &id, ui).await?;
    if ended["status"] != "Completed" {
        return Err(format!("the export ended {}: {}", ended["status"], ended["failure"]).into());
    }
    let link = expect(api.post(&format!("/v1/requests/{id}/download"), &json!({}))?, 200)?;
    ui.say(&format!("Minted a link that works until {}.", text(&link, "expires_at")?));
    let zip = api.fetch(&text(&link, "url")?)?;
    if zip.status != 200 {
        return Err(format!("the link answered {}", zip.status).into());
    }
    let file = target_dir(&root()).join("demo").join(format!("{id}.zip"));
    std::fs::create_dir_all(target_dir(&root()).join("demo"))?;
    std::fs::write(&file, &zip.body)?;
    ui.say(&format!("Downloaded {} bytes. In it:", zip.body.len()));
    archive::check(&file, &cast.exported, dir, ui)?;
    Ok(file)
}

async fn delete(stack: &Stack, api: &Api, cast: &Cast, dir: &Path, ui: &Ui) -> Outcome {
    ui.heading("A deletion, and one that is taken back in time");
    ui.step("Reading all sources");
    let before: Snapshot = stack.snapshot_sources().await?;
    let file = |who: &str| {
        let body = json!({"kind": "delete", "subjects": [who], "confirm": true});
        expect(api.post("/v1/requests", &body)?, 201)
    };
    let deletion = text(&file(&cast.deleted)?, "id")?;
    ui.say(&format!("Filed {deletion}, to delete {}.", cast.deleted));
    let spared = text(&file(&cast.spared)?, "id")?;
    ui.say(&format!("Filed {spared}, to delete {}.", cast.spared));
    let revoked = expect(api.post(&format!("/v1/requests/{spared}/revoke"), &json!({}))?, 200)?;
    if revoked["status"] != "Canceled" {
        return Err(format!("the revoked deletion is {}", revoked["status"]).into());
    }
    ui.say(&format!("Revoked {spared}: {} keeps their data.", cast.spared));
    let late = api.post(&format!("/v1/requests/{spared}/revoke"), &json!({}))?;
    ui.say(&format!("Revoking it again answers {}.", late.status));
    let ended = follow(stack, api, &deletion, ui).await?;
    if ended["status"] != "Completed" {
        return Err(format!("the deletion ended {}: {}", ended["status"], ended["failure"]).into());
    }
    follow(stack, api, &spared, ui).await?;
    ui.step("Reading all sources again");
    let after = stack.snapshot_sources().await?;
    proof::check(&before, &after, &cast.deleted, dir, ui)?;
    receipt::check(api, &deletion, ui)
}

fn mails(stack: &Stack, cast: &Cast, seen: usize, ui: &Ui) -> Outcome {
    ui.heading("The mails that were sent");
    let mails = stack.mails()?;
    let new = mails.iter().skip(seen);
    let to_admin: Vec<_> = new.filter(|mail| mail.to.contains(&cast.admin)).collect();
    for mail in &to_admin {
        ui.say(&format!("  to {}: {}", mail.to.join(", "), mail.subject));
    }
    for subject in
        ["Your data export is ready", "Your data deletion is completed", "Your data deletion was canceled"]
    {
        if !to_admin.iter().any(|mail| mail.subject == subject) {
            return Err(format!("no mail says: {subject}").into());
        }
    }
    Ok(())
}

/// The reply's JSON, where it has the status it should have.
fn expect(reply: Response, status: u16) -> Outcome<Value> {
    if reply.status == status {
        return Ok(reply.json()?);
    }
    Err(format!("the API answered {} where {status} was expected: {}", reply.status, reply.text()).into())
}

fn text(reply: &Value, field: &str) -> Outcome<String> {
    let value = reply[field].as_str().ok_or_else(|| format!("the reply has no `{field}`: {reply}"))?;
    Ok(value.to_owned())
}
