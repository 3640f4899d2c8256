//! One local stack from nothing to nothing, with a function that echoes.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "with --nocapture a person reads how long each step took"
)]

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use habeas_local::{Down, Layout, LocalError, Progress, Stack, UpOptions, target_dir};
use serde_json::{Value, json};

struct Told(Instant);

impl Progress for Told {
    fn step(&self, message: &str) {
        eprintln!("{:6.2} s  {message}", self.0.elapsed().as_secs_f64());
    }

    fn rows(&self, done: usize, total: usize) {
        eprintln!("{:6.2} s  {done} / {total} rows", self.0.elapsed().as_secs_f64());
    }
}

fn options(root: &Path, name: &str) -> Result<UpOptions, Box<dyn Error>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut options = UpOptions::new(&workspace, name)?;
    options.root = root.to_owned();
    options.binaries = target_dir(&workspace).join("debug/examples");
    Ok(options.waits(2, 3))
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture")
}

#[tokio::test]
#[ignore = "installs and starts the emulator: run with --ignored"]
async fn a_stack_comes_up_serves_loads_survives_a_restart_and_goes() -> Result<(), Box<dyn Error>> {
    let told = Told(Instant::now());
    let options = options(&fixture(), "self-test")?;
    Stack::reset(&options.layout)?;
    let mut stack = Stack::up(&options, &told).await?;
    told.step("up");

    // A caller without a token is refused, one with a token is served.
    let refused = stack.api(None).post("/v1/requests", &json!({}))?;
    assert_eq!(refused.status, 401);
    let api = stack.api_as("anna@amber.example").await?;
    let reply = api.post("/v1/requests?a=1", &json!({"x": 1}))?;
    assert_eq!(reply.status, 418);
    assert_eq!(reply.header("Content-Type"), Some("application/problem+json"));
    let seen: Value = reply.json()?;
    assert_eq!(seen["proxy"], Value::Null);
    assert_eq!(seen["bundle"], Value::Null);
    assert_eq!(seen["endpoint"], stack.state().endpoint.as_str());
    let claims = &seen["event"]["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!(claims["email"], "anna@amber.example");
    told.step("the API answers");

    let answer = stack.invoke("echo", &json!({"n": 1})).await?;
    assert_eq!((answer.payload, answer.function_error), (json!({"n": 1}), None));
    assert!(answer.log_tail.contains("echo"));
    let mut lines = 0;
    stack.logs("all", false, &mut |line| {
        lines += usize::from(line.message.contains("\"message\":\"echo\""));
        true
    })?;
    assert_eq!(lines, 2);
    told.step("the logs are read");

    // What the emulator drops is applied.
    let (clients, state) = (stack.clients(), stack.state());
    let ttl = clients.dynamodb.describe_time_to_live().table_name(&state.table).send().await?;
    let ttl = ttl.time_to_live_description.and_then(|ttl| ttl.attribute_name);
    assert_eq!(ttl.as_deref(), Some("ttl"));
    let bucket = &state.archive_bucket;
    let rules = clients.s3.get_bucket_lifecycle_configuration().bucket(bucket).send().await?;
    let days = rules.rules()[0].expiration().and_then(|e| e.days());
    assert_eq!(days, Some(91));
    let encryption = clients.s3.get_bucket_encryption().bucket(bucket).send().await?;
    let rules = encryption.server_side_encryption_configuration();
    let rule = rules.and_then(|rules| rules.rules().first());
    let by_default = rule.and_then(|rule| rule.apply_server_side_encryption_by_default());
    assert_eq!(by_default.map(|d| d.sse_algorithm().as_str()), Some("aws:kms"));

    // HABEAS_SAMPLE names a larger folder to load, for figures.
    let folder = env::var_os("HABEAS_SAMPLE").map_or(fixture().join("data"), PathBuf::from);
    let loaded = stack.load(&folder, &told).await?;
    told.step(&format!("{} rows in {:.1} s", loaded.rows, loaded.seconds));
    let before = stack.snapshot_sources().await?;
    told.step("snapshot taken");
    let rows: usize = before.tables.values().map(|rows| rows.len()).sum();
    assert_eq!((rows, before.files.len()), (loaded.rows, loaded.files));
    assert!(!stack.state().accounts.is_empty());

    // A second up has nothing to do, and finds the same.
    let stack = Stack::up(&options, &told).await?;
    told.step("up again");
    let changes = before.changes(&stack.snapshot_sources().await?);
    assert!(changes.is_empty(), "{changes:?}");

    // A restart keeps the data, the users and the port.
    let port = stack.state().port;
    assert_eq!(Stack::down(&options.layout)?, Down::Stopped);
    told.step("down");
    assert_eq!(Stack::down(&options.layout)?, Down::WasNotUp);
    let error = Stack::open_at(options.layout.clone()).err();
    assert!(matches!(error, Some(LocalError::NotUp { .. })));
    let stack = Stack::up(&options, &told).await?;
    told.step("up after a restart");
    assert_eq!(stack.state().port, port);
    assert_eq!(stack.snapshot_sources().await?, before);
    assert_eq!(api.get("/v1/requests")?.status, 404);
    assert_eq!(api.post("/v1/requests", &json!({}))?.status, 418);

    assert_eq!(Stack::reset(&options.layout)?, Down::Stopped);
    assert!(!options.layout.state_dir().exists());
    Ok(())
}

#[tokio::test]
#[ignore = "installs and starts the emulator: run with --ignored"]
async fn a_deploy_that_fails_names_the_resource_and_can_be_repeated() -> Result<(), Box<dyn Error>> {
    let told = Told(Instant::now());
    let layout = Layout::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), "self-test-bad")?;
    let root = layout.local_dir().join("self-test-broken");
    let infra = root.join("infra");
    std::fs::create_dir_all(&infra)?;
    let options = options(&root, "self-test-bad")?;
    Stack::reset(&options.layout)?;
    for template in ["sample-app.yaml", "eea-buckets.yaml"] {
        std::fs::copy(fixture().join("infra").join(template), infra.join(template))?;
    }
    std::fs::create_dir_all(root.join("statemachines"))?;
    std::fs::copy(fixture().join("statemachines/echo.asl.json"), root.join("statemachines/echo.asl.json"))?;
    let good = std::fs::read_to_string(fixture().join("infra/template.yaml"))?;
    std::fs::write(
        infra.join("template.yaml"),
        good.replace("!GetAtt EchoRole.Arn", "!GetAtt EchoRole.Nothing"),
    )?;
    for _ in 0..2 {
        let error = Stack::up(&options, &told).await.err().ok_or("the deploy went through")?;
        assert!(matches!(error, LocalError::DeployFailed { .. }), "{error:?}");
        assert!(error.to_string().contains("Echo (AWS::Lambda::Function)"), "{error}");
    }
    std::fs::write(infra.join("template.yaml"), good)?;
    let stack = Stack::up(&options, &told).await?;
    assert!(stack.invoke("nothing", &json!({})).await.is_err());
    Stack::reset(&options.layout)?;
    std::fs::remove_dir_all(&root)?;
    Ok(())
}

#[tokio::test]
#[ignore = "installs and starts the emulator: run with --ignored"]
async fn the_projects_templates_deploy_and_every_function_answers() -> Result<(), Box<dyn Error>> {
    let told = Told(Instant::now());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut options = options(&workspace, "self-test-real")?;
    let echo = options.binaries.join("echo");
    // HABEAS_BINARIES=1 takes the functions as built instead, for figures.
    options.binaries = match env::var_os("HABEAS_BINARIES") {
        Some(_) => target_dir(&workspace).join("debug"),
        None => options.layout.local_dir().join("self-test-echoes"),
    };
    std::fs::create_dir_all(&options.binaries)?;
    for entry in std::fs::read_dir(workspace.join("functions"))? {
        let binary = options.binaries.join(entry?.file_name());
        if !binary.exists() {
            std::fs::copy(&echo, binary)?;
        }
    }
    Stack::reset(&options.layout)?;
    let stack = Stack::up(&options, &told).await?;
    told.step("up");
    for function in stack.state().functions.keys() {
        let answer = stack.invoke(function, &json!({"n": 1})).await?;
        told.step(&format!("{function}: {:?} {}", answer.function_error, answer.payload));
    }
    // A policy that wants TLS must not lock out the functions, which have none here.
    for bucket in [&stack.state().archive_bucket, &stack.state().work_bucket] {
        let policy = stack.clients().s3.get_bucket_policy().bucket(bucket).send().await?;
        let policy: Value = serde_json::from_str(policy.policy().unwrap_or_default())?;
        let tls = policy.pointer("/Statement/0/Condition/Bool/aws:SecureTransport");
        assert_eq!(tls, Some(&json!("true")));
    }
    Stack::up(&options, &told).await?;
    told.step("up again");
    println!("{}", serde_json::to_string_pretty(stack.state())?);
    Stack::reset(&options.layout)?;
    Ok(())
}

#[tokio::test]
#[ignore = "installs and starts the emulator: run with --ignored"]
async fn a_stack_that_crashed_starts_afresh() -> Result<(), Box<dyn Error>> {
    let told = Told(Instant::now());
    let options = options(&fixture(), "self-test-crash")?;
    Stack::reset(&options.layout)?;
    let mut stack = Stack::up(&options, &told).await?;
    stack.load(&fixture().join("data"), &told).await?;
    let killed = Command::new("sh").args(["-c", &format!("kill -9 {}", stack.state().pid)]).status()?;
    assert!(killed.success());
    let stack = Stack::up(&options, &told).await?;
    assert!(stack.scan_all("meetings-app-chat_messages").await?.is_empty());
    assert_eq!(stack.snapshot_sources().await?.files.len(), 0);
    assert!(stack.invoke("echo", &json!({})).await?.function_error.is_none());
    Stack::reset(&options.layout)?;
    Ok(())
}
