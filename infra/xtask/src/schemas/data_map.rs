use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use habeas_local::Venv;
use habeas_sources::DataMap;
use serde_json::Value;

use super::validator;
use crate::{Outcome, build};

/// The map that ships.
const OURS: &str = "infra/data-map.toml";
/// One with all that a map can have.
const EVERYTHING: &str = "functions/crates/sources/tests/everything.toml";

/// What makes a right map wrong: which map, what in it, and what stands there instead.
const WRONG: [(&str, &str, &str); 57] = [
    (OURS, "others = {", "other = {"),
    (OURS, "rule = \"anonymise_shared\"", "rule = \"hide\""),
    (OURS, "shared_with = \"meeting_participants\", ", ""),
    (OURS, ", remove = [\"host_email\"]", ""),
    (OURS, "remove = [\"host_email\"]", "remove = []"),
    (OURS, "rule = \"anonymise_shared\"", "rule = \"mask\""),
    (OURS, "key = [", "keys = ["),
    (OURS, "    { subject_field = \"email\", index = \"by-email\" },\n", ""),
    (EVERYTHING, "id_field = \"number\"\n", ""),
    (EVERYTHING, "id = \"user_id\"\n", "id = \"account\"\n"),
    (EVERYTHING, "from = \"user_id\"", "from = \"User\""),
    (EVERYTHING, "index = \"by-owner\"", "index = \"by owner\""),
    (EVERYTHING, "key = [\"tenant\", \"serial\"]", "key = []"),
    (EVERYTHING, "scan_parts = 8", "scan_parts = 101"),
    (EVERYTHING, "allow_scan = true\n", ""),
    (EVERYTHING, "answer_within_seconds = 90", "answer_within_seconds = 0"),
    (EVERYTHING, "at_a_time = 4", "at_a_time = 41"),
    (EVERYTHING, "lambda = {", "# lambda = {"),
    (EVERYTHING, "lambda = {", "dynamodb = { table = \"app-surveys\", key = [\"month\"] }\nlambda = {"),
    (EVERYTHING, "s3 = {", "lambda = { function = \"files\", key = [\"name\"] }\ns3 = {"),
    (EVERYTHING, "function = \"app-surveys-${region}\"", "function = \"*\""),
    (EVERYTHING, "key = [\"month\", \"answer_id\"]", "key = [\"month\", \"month\"]"),
    (
        EVERYTHING,
        "account_field = \"account_id\"\ntime_field = \"answered_at\"",
        "time_field = \"answered_at\"",
    ),
    (EVERYTHING, "time_field = \"answered_at\"", "time_field = \"answered_at\"\nscan_parts = 2"),
    (EVERYTHING, "mentions = {", "others = {"),
    (EVERYTHING, "{ subject_field = \"who\", id", "{ subject_field = \"who\", index = \"by-who\", id"),
    (EVERYTHING, "{ subject_field = \"who\", id = \"email\" }", "{ through = \"tickets\", field = \"who\" }"),
    (
        EVERYTHING,
        "{ subject_field = \"who\", id = \"email\" }",
        "{ prefix = \"surveys/{account}/{user_id}/\" }",
    ),
    (
        EVERYTHING,
        "subject_field = \"author\", id = \"user_id\", index = \"by-author\"",
        "prefix = \"{user_id}/\"",
    ),
    (EVERYTHING, "rule = \"mask\"\nremove", "rule = \"mask\"\nreason = \"§ 147 AO\"\nremove"),
    (EVERYTHING, "browser = \"null\"", "browser = \"hide\""),
    (EVERYTHING, "browser = \"null\"", "browser = 7"),
    (EVERYTHING, "truncate = 4", "truncate = 0"),
    (EVERYTHING, "truncate = 4", "truncate = 101"),
    (EVERYTHING, "truncate = 4", "truncate = 4, constant = \"x\""),
    (EVERYTHING, "truncate = 4", "cut = 4"),
    (EVERYTHING, "constant = \"A question\"", "constant = \"\""),
    (EVERYTHING, "score = \"null\"", "score = \"pseudonym\""),
    (EVERYTHING, "score = \"null\"", "score = { truncate = 1 }"),
    (EVERYTHING, "rule = \"mask\", remove", "rule = \"anonymise_shared\", shared_with = \"guests\", remove"),
    (EVERYTHING, "rule = \"delete\" }", "rule = \"delete\", fields = { name = \"null\" } }"),
    (EVERYTHING, "versions = true", "versions = \"all\""),
    (EVERYTHING, "tags = true", "versions = true"),
    (EVERYTHING, "s3 = {", "time_field = \"at\"\ns3 = {"),
    (EVERYTHING, "s3 = {", "scan_parts = 2\ns3 = {"),
    (EVERYTHING, "{ through = \"tickets\", field = \"attachment\" }", "{ subject_field = \"key\" }"),
    (EVERYTHING, "{ through = \"tickets\",", "{ through = \"tickets\", id = \"user_id\","),
    (EVERYTHING, "{ prefix =", "{ id = \"user_id\", prefix ="),
    (EVERYTHING, "{ prefix =", "{ subject_field = \"key\", prefix ="),
    (EVERYTHING, "{ prefix =", "{ prefix = \"{account}/{user_id}/\" }, { prefix ="),
    (EVERYTHING, "{account}/{user_id}/", "{account}/{user_id}"),
    (EVERYTHING, "{account}/{user_id}/", "{account}/"),
    (EVERYTHING, "{account}/{user_id}/", "{account}/{user_id}-x/"),
    (EVERYTHING, "{account}/{user_id}/", "{user_id}/{device_id}/"),
    (EVERYTHING, "{account}/{user_id}/", "{account/{user_id}/"),
    (EVERYTHING, "{account}/{user_id}/", "{email}/"),
    (EVERYTHING, "{account}/{user_id}/", "{user_id}/"),
];

/// The schema that editors complete the data map by takes and refuses what the
/// reader does. Says how many maps it refuses.
pub(super) fn check(venv: &Venv, root: &Path, dir: &Path) -> Outcome<usize> {
    let schema = root.join("infra/data-map.schema.json");
    let right = [OURS, EVERYTHING].map(|map| root.join(map));
    for file in &right {
        read(&fs::read_to_string(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    build::run(validator(venv, &schema).arg("--quiet").args(&right), "check-jsonschema")?;
    let wrong = write_wrong(root, &dir.join("data-maps"))?;
    let output = validator(venv, &schema).args(["--output-format", "json"]).args(&wrong).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let errors = report["errors"].as_array().into_iter().flatten();
    let refused: BTreeSet<_> = errors.filter_map(|error| error["filename"].as_str()).map(Path::new).collect();
    match wrong.iter().find(|file| !refused.contains(file.as_path())) {
        Some(file) => Err(format!("{}: the schema takes what is wrong", file.display()).into()),
        None => Ok(wrong.len()),
    }
}

/// Writes the wrong maps down, each in a file of its own.
fn write_wrong(root: &Path, dir: &Path) -> Outcome<Vec<PathBuf>> {
    fs::create_dir_all(dir)?;
    let mut files = Vec::with_capacity(WRONG.len());
    for ((map, from, to), number) in WRONG.into_iter().zip(1..) {
        let text = fs::read_to_string(root.join(map))?;
        if !text.contains(from) {
            return Err(format!("{map} has no `{from}`").into());
        }
        let text = text.replacen(from, to, 1);
        let file = dir.join(format!("{number:02}.toml"));
        fs::write(&file, &text)?;
        if read(&text).is_ok() {
            return Err(format!("{}: the reader takes what is wrong", file.display()).into());
        }
        files.push(file);
    }
    Ok(files)
}

fn read(map: &str) -> Outcome<DataMap> {
    Ok(DataMap::parse(map, "123456789012", "eu-central-1")?)
}
