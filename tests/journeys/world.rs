use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use habeas_local::{Api, Directory, Mail, Response, Stack, target_dir};
use habeas_sample_data::{cast, generate};
use serde_json::{Value, json};

/// A request of a journey has ended long before this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
pub(crate) const PAUSE: Duration = Duration::from_millis(150);

/// The stack, the data in it, and ways to act on it.
pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) data: PathBuf,
}

const BOARDS: &str = "meetings-app-whiteboards";

/// The data is loaded once for all journeys.
static LOADED: OnceLock<PathBuf> = OnceLock::new();

/// The state of a journey's end-to-end world, in a runtime of its own.
pub(crate) fn journey(run: impl AsyncFnOnce(World)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let name = std::env::var("HABEAS_STACK").expect("run the journeys with `cargo xtask test journeys`");
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut stack = Stack::open(&root, &name).unwrap();
        if LOADED.get().is_none() {
            let data = target_dir(&root).join("journeys");
            generate(&data).unwrap();
            let loaded = stack.load(&data, &|_: &str| ()).await.unwrap();
            tell_directory(&stack, &loaded.directory).await;
            LOADED.set(data).unwrap();
        }
        run(World { stack, data: LOADED.get().unwrap().clone() }).await;
    });
}

/// Accounts and the people of the journeys arrive as events, as from the operator's product.
async fn tell_directory(stack: &Stack, directory: &Directory) {
    let people: Vec<_> = people();
    for account in &directory.accounts {
        learn(stack, "account.upserted", "2026-01-01T00:00:00Z", &json!(account)).await;
    }
    for member in directory.members.iter().filter(|m| m.role != "member" || people.contains(&m.email)) {
        learn(stack, "member.upserted", "2026-01-01T00:00:00Z", &json!(member)).await;
    }
}

/// Everybody whom a journey names.
fn people() -> Vec<String> {
    let cast = cast();
    let mut people = cast.exported.to_vec();
    people.extend([cast.deleted, cast.spared, cast.member]);
    people.extend(BALTIC.map(String::from));
    people
}

/// Members of another account than the cast's.
pub(crate) const BALTIC: [&str; 3] =
    ["ada.obrannon@baltic.example", "nikos.k@baltic.example", "yulia.orlova@baltic.example"];
pub(crate) const BALTIC_ADMIN: &str = "admin@baltic.example";

pub(crate) async fn learn(stack: &Stack, what: &str, at: &str, detail: &Value) {
    let event = json!({
        "version": "0", "id": "00000000-0000-0000-0000-000000000000", "detail-type": what, "source": "meetings-app",
        "account": "000000000000", "time": at, "region": "us-east-1", "resources": [], "detail": detail,
    });
    let reply = stack.invoke("directory", &event).await.unwrap();
    assert_eq!(reply.function_error, None, "{}", reply.payload);
}

impl World {
    pub(crate) async fn admin(&self) -> Api {
        self.stack.api_as(&cast().admin).await.unwrap()
    }

    /// Files a request that must be accepted, and gives its id.
    pub(crate) fn file(&self, api: &Api, body: &Value) -> String {
        let reply = api.post("/v1/requests", body).unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text());
        let filed: Value = reply.json().unwrap();
        assert_eq!(filed["status"], "Pending");
        let id = filed["id"].as_str().unwrap().to_owned();
        assert_eq!(reply.header("location"), Some(format!("/v1/requests/{id}").as_str()));
        id
    }

    /// Changes settings of the account or of oneself (`me`), which must be done.
    pub(crate) fn change(&self, api: &Api, whose: &str, settings: &Value) -> Value {
        let path = format!("/v1/settings/{whose}");
        let shown: Value = api.get(&path).unwrap().json().unwrap();
        let version = shown["version"].as_u64().unwrap_or_else(|| panic!("{shown}"));
        let reply = api.patch(&path, version, &json!({ "settings": settings })).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json().unwrap()
    }

    pub(crate) fn request(&self, api: &Api, id: &str) -> Value {
        let reply = api.get(&format!("/v1/requests/{id}")).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json().unwrap()
    }

    /// Waits until the request's execution is over, and gives the request.
    pub(crate) async fn ended(&self, api: &Api, id: &str) -> Value {
        let arn = self.execution(id);
        let started = Instant::now();
        loop {
            let found =
                self.stack.clients().sfn.describe_execution().execution_arn(&arn).send().await.unwrap();
            if found.status.as_str() != "RUNNING" {
                return self.request(api, id);
            }
            assert!(started.elapsed() < PATIENCE, "{id} does not end");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A whiteboard of somebody of the first account, in the sample application's table.
    pub(crate) async fn put_board(&self, board: &str, owner: &str, key: AttributeValue) {
        let text = |text: &str| AttributeValue::S(text.into());
        let put = self.stack.clients().dynamodb.put_item().table_name(BOARDS);
        let put = put.item("whiteboard_id", text(board)).item("account_id", text("aurora"));
        let put = put.item("owner_email", text(owner)).item("created_at", text("2026-03-01T00:00:00Z"));
        put.item("s3_key", key).send().await.unwrap();
    }

    pub(crate) async fn remove_board(&self, board: &str) {
        let delete = self.stack.clients().dynamodb.delete_item().table_name(BOARDS);
        delete.key("whiteboard_id", AttributeValue::S(board.into())).send().await.unwrap();
    }

    pub(crate) fn execution(&self, id: &str) -> String {
        format!("{}:{id}", self.stack.state().state_machine_arn.replacen(":stateMachine:", ":execution:", 1))
    }

    pub(crate) fn download(&self, api: &Api, id: &str) -> Vec<u8> {
        let link = api.post(&format!("/v1/requests/{id}/download"), &json!({})).unwrap();
        assert_eq!(link.status, 200, "{}", link.text());
        let link: Value = link.json().unwrap();
        let zip = api.fetch(link["url"].as_str().unwrap()).unwrap();
        assert_eq!(zip.status, 200);
        zip.body
    }

    /// The subjects of the mails that name the request.
    pub(crate) fn mails_about(&self, id: &str) -> Vec<String> {
        let about = |mail: &Mail| mail.body_text.as_ref().is_some_and(|text| text.contains(id));
        self.stack.mails().unwrap().into_iter().filter(about).map(|mail| mail.subject).collect()
    }

    /// The keys under a prefix, with what lies there.
    pub(crate) async fn objects(&self, bucket: &str, prefix: &str) -> Vec<(String, String)> {
        let s3 = self.stack.s3_of(bucket);
        let page = s3.list_objects_v2().bucket(bucket).prefix(prefix).send().await.unwrap();
        let objects = page.contents.unwrap_or_default();
        objects.into_iter().map(|object| (object.key.unwrap(), object.e_tag.unwrap())).collect()
    }

    /// All that a refused call must leave as it is, once everything under way
    /// from other journeys has come to rest: rows, executions and mails.
    pub(crate) async fn traces(&self) -> (usize, usize, usize) {
        let started = Instant::now();
        let mut last = None;
        loop {
            let (running, traces) = self.traces_now().await;
            if !running && last == Some(traces) {
                return traces;
            }
            last = Some(traces);
            assert!(started.elapsed() < PATIENCE, "the stack does not come to rest");
            tokio::time::sleep(PAUSE * 4).await;
        }
    }

    async fn traces_now(&self) -> (bool, (usize, usize, usize)) {
        let state = self.stack.state();
        let rows = self.stack.scan_all(&state.table).await.unwrap().len();
        let list = self.stack.clients().sfn.list_executions().state_machine_arn(&state.state_machine_arn);
        let executions = list.send().await.unwrap().executions;
        let running = executions.iter().any(|execution| execution.status.as_str() == "RUNNING");
        (running, (rows, executions.len(), self.stack.mails().unwrap().len()))
    }
}

/// The `type` of a problem, and the places it names.
pub(crate) fn problem(reply: &Response) -> (u16, String, Vec<String>) {
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", reply.text());
    let problem: Value = reply.json().unwrap();
    assert_eq!(problem["status"], json!(reply.status));
    assert!(!problem["detail"].as_str().unwrap().is_empty());
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let pointers = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    let kind = problem["type"].as_str().unwrap().trim_start_matches("urn:habeas:problem:").to_owned();
    (reply.status, kind, pointers)
}
