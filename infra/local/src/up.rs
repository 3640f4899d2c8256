use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::clients::{EEA_REGION, REGION};
use crate::deploy::{Deployed, deploy};
use crate::emulator::{self, choose_port};
use crate::mail::INBOX_PATH;
use crate::package::{Packaged, Packager};
use crate::rows::STEMS;
use crate::stack::{EEA_STACK, SAMPLE_STACK, STACK, TABLE_PREFIX};
use crate::users::{PASSWORD, Users};
use crate::{
    Clients, Layout, LocalError, ProcessId, Progress, Result, StackState, Venv, dropped, plain_http,
};

/// What to bring up.
#[derive(Debug, Clone)]
pub struct UpOptions {
    /// The repository: the templates lie in its folder `infra`.
    pub root: PathBuf,
    pub layout: Layout,
    /// The folder with the functions' binaries, named like the functions.
    pub binaries: PathBuf,
    /// None: the port of the last time, or a free one.
    pub port: Option<u16>,
    /// Parameters of `infra/template.yaml`; what is not named has its default.
    pub parameters: BTreeMap<String, String>,
    /// Where the virtual environment is, shared by all stacks.
    pub venv: PathBuf,
}

impl UpOptions {
    /// The stack `name` of the workspace at `root`, with binaries of the dev profile.
    pub fn new(root: &Path, name: &str) -> Result<Self> {
        let layout = Layout::new(root, name)?;
        Ok(Self {
            root: root.to_owned(),
            binaries: crate::target_dir(root).join("debug"),
            port: None,
            parameters: BTreeMap::new(),
            venv: layout.local_dir().join("venv"),
            layout,
        })
    }

    /// Sets who is told of requests that are late.
    pub fn operator(mut self, address: &str) -> Self {
        self.parameters.insert("Operator".to_owned(), address.to_owned());
        self
    }

    /// Sets how long an export and a deletion wait before they start.
    pub fn waits(mut self, export_seconds: u32, deletion_seconds: u32) -> Self {
        let waits = [("ExportWaitSeconds", export_seconds), ("DeletionWaitSeconds", deletion_seconds)];
        for (name, seconds) in waits {
            self.parameters.insert(name.to_owned(), seconds.to_string());
        }
        self
    }
}

/// Brings the stack up or up to date.
pub(crate) async fn up(options: &UpOptions, progress: &dyn Progress) -> Result<(StackState, Clients)> {
    let layout = &options.layout;
    let dir = layout.state_dir();
    fs::create_dir_all(&dir).map_err(LocalError::file("make", &dir))?;
    let _one_at_a_time = lock(layout, progress)?;
    progress.step("Checking the Python environment of the emulator");
    let venv = Venv::at(options.venv.clone(), crate::EMULATOR_PACKAGES)?;
    let (process, port) = ensure_emulator(options, &venv, progress)?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let clients = Clients::new(&endpoint);
    let packager = Packager { s3: &clients.s3, layout, binaries: &options.binaries, endpoint: &endpoint };
    packager.make_bucket().await?;
    let infra = options.root.join("infra");

    progress.step("Deploying infra/sample-app.yaml");
    let sample_package = packager.package(&infra.join("sample-app.yaml"), progress).await?;
    let defaults = BTreeMap::new();
    let sample = deploy(&clients.cloudformation, SAMPLE_STACK, &sample_package.url, &defaults).await?;
    adapt(&clients, &sample).await?;

    progress.step(&format!("Deploying infra/eea-buckets.yaml in {EEA_REGION}"));
    let abroad = Clients::in_region(&endpoint, EEA_REGION);
    let eea = packager.package(&infra.join("eea-buckets.yaml"), progress).await?;
    let eea = deploy(&abroad.cloudformation, EEA_STACK, &eea.url, &defaults).await?;
    adapt(&abroad, &eea).await?;

    progress.step("Deploying infra/template.yaml");
    let package = packager.package(&infra.join("template.yaml"), progress).await?;
    // As its operator does: the outputs of one template are parameters of the other.
    let parameters = options.parameters.clone().into_iter().chain(eea.outputs.clone()).collect();
    let stack = deploy(&clients.cloudformation, STACK, &package.url, &parameters).await?;
    adapt(&clients, &stack).await?;

    let state = StackState {
        functions: functions(&package, &stack).chain(functions(&sample_package, &sample)).collect(),
        log_file: layout.log_file().display().to_string(),
        accounts: StackState::read(layout).map(|old| old.accounts).unwrap_or_default(),
        ..describe(layout, &process, port, &stack, &sample, &eea)?
    };
    ensure_sender(&clients, &state.sender).await?;
    let users = Users { client: &clients.cognito, pool: &state.user_pool_id, app: &state.client_id };
    for email in state.accounts.iter().flat_map(crate::AccountUsers::emails) {
        users.ensure(email).await?;
    }
    state.write(layout)?;
    Ok((state, clients))
}

/// Two at once would make the same environment and the same resources. The lock
/// ends with the file, at the latest with this process.
fn lock(layout: &Layout, progress: &dyn Progress) -> Result<File> {
    let path = layout.local_dir().join("lock");
    let file = File::create(&path).map_err(LocalError::file("make", &path))?;
    if file.try_lock().is_err() {
        progress.step("Waiting for another start of a local stack to end");
        file.lock().map_err(LocalError::file("lock", &path))?;
    }
    Ok(file)
}

/// What a deployed template needs here and not on AWS.
async fn adapt(clients: &Clients, deployed: &Deployed) -> Result<()> {
    dropped::apply(clients, deployed).await?;
    plain_http::lift(clients, deployed).await
}

fn ensure_emulator(options: &UpOptions, venv: &Venv, progress: &dyn Progress) -> Result<(ProcessId, u16)> {
    let layout = &options.layout;
    let usual = last_port(layout);
    if let (Some(process), Some(port)) = (emulator::running(layout), usual) {
        match options.port {
            Some(wanted) if wanted != port => {
                progress.step(&format!("Moving the emulator to port {wanted}"));
                emulator::stop(layout)?;
            }
            _ => return Ok((process, port)),
        }
    } else if emulator::recorded(layout).is_some() {
        progress.step("The emulator did not end in order the last time: starting afresh");
        emulator::stop(layout)?;
        emulator::forget(layout)?;
    }
    let port = choose_port(options.port, usual)?;
    let process = emulator::start(layout, venv, port, progress)?;
    let (path, text) = (port_file(layout), port.to_string());
    fs::write(&path, text).map_err(LocalError::file("write", &path))?;
    Ok((process, port))
}

/// Functions by the names of their binaries or folders.
fn functions(package: &Packaged, deployed: &Deployed) -> impl Iterator<Item = (String, String)> {
    package.functions.iter().filter_map(|(resource, code)| {
        let name = deployed.resources.get(resource)?;
        Some((code.clone(), name.clone()))
    })
}

/// Links in mails and replies hold the port: it stays the same where it can.
fn last_port(layout: &Layout) -> Option<u16> {
    fs::read_to_string(port_file(layout)).ok()?.parse().ok()
}

fn port_file(layout: &Layout) -> PathBuf {
    layout.state_dir().join("port")
}

fn describe(
    layout: &Layout,
    process: &ProcessId,
    port: u16,
    stack: &Deployed,
    sample: &Deployed,
    eea: &Deployed,
) -> Result<StackState> {
    let endpoint = format!("http://127.0.0.1:{port}");
    let api_id = stack.output("ApiId")?;
    Ok(StackState {
        name: layout.name().to_owned(),
        pid: process.pid,
        port,
        region: REGION.to_owned(),
        // Not the ApiUrl output, whose host does not resolve everywhere.
        api_url: format!("{endpoint}/_aws/execute-api/{api_id}/$default"),
        api_id,
        table: stack.output("TableName")?,
        archive_bucket: stack.output("ArchiveBucket")?,
        work_bucket: stack.output("WorkBucket")?,
        anchor_bucket: stack.output("AnchorBucket")?,
        eea_archive_bucket: eea.output("EeaArchiveBucket")?,
        eea_work_bucket: eea.output("EeaWorkBucket")?,
        state_machine_arn: stack.output("StateMachineArn")?,
        user_pool_id: stack.output("UserPoolId")?,
        client_id: stack.output("UserPoolClientId")?,
        bus_name: stack.output("BusName")?,
        sender: stack.output("SenderAddress")?,
        inbox_url: format!("{endpoint}{INBOX_PATH}"),
        log_file: String::new(),
        functions: BTreeMap::new(),
        source_tables: STEMS.iter().map(|stem| format!("{TABLE_PREFIX}{stem}")).collect(),
        source_bucket: sample.output("FilesBucket")?,
        password: PASSWORD.to_owned(),
        accounts: Vec::new(),
        endpoint,
    })
}

/// The template may leave the identity to the operator; the emulator wants one.
async fn ensure_sender(clients: &Clients, sender: &str) -> Result<()> {
    let created = clients
        .ses
        .create_email_identity()
        .email_identity(sender)
        .send()
        .await
        .map_err(|error| error.into_service_error());
    match created {
        Err(error) if !error.is_already_exists_exception() => {
            Err(LocalError::aws("make the sender's identity in SES")(error))
        }
        _ => Ok(()),
    }
}
