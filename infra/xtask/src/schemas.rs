//! Holds the schemas of the operator's events and of the data map to what they describe.

mod data_map;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use habeas_local::Venv;
use serde_json::Value;

use crate::{Outcome, build};

/// The detail of a sample event, in a file of its own.
struct Detail {
    file: PathBuf,
    /// Whether the schema is to take it. A time stands outside of the detail,
    /// of which alone a schema speaks.
    is_right: bool,
}

/// Every event that is understood fits its schema, and no other does.
pub(crate) fn check(venv: &Venv, root: &Path, dir: &Path) -> Outcome {
    let (mut right, mut wrong) = (0, 0);
    for schema in files(&root.join("events/schemas"))? {
        let name = schema.file_name().unwrap_or_default().to_string_lossy();
        let detail_type = name.strip_suffix(".v1.json").ok_or(format!("{name}: no version 1"))?;
        let details = details(root, dir, detail_type)?;
        let (taken, refused): (Vec<_>, Vec<_>) = details.iter().partition(|detail| detail.is_right);
        if taken.is_empty() || refused.is_empty() {
            return Err(format!("{detail_type} needs a sample event that fits and one that does not").into());
        }
        let mut fits = validator(venv, &schema);
        build::run(fits.arg("--quiet").args(taken.iter().map(|detail| &detail.file)), "check-jsonschema")?;
        for detail in &refused {
            refuse(venv, &schema, &detail.file)?;
        }
        right += taken.len();
        wrong += refused.len();
    }
    if right == 0 {
        return Err("there are no schemas of events".into());
    }
    println!("schemas: {right} sample events fit and {wrong} do not, as their names say");
    let refused = data_map::check(venv, root, dir)?;
    println!("schemas: the data map fits, and {refused} wrong ones fit neither the schema nor the reader");
    Ok(())
}

/// 1 is its word for what does not fit; all else is a fault.
fn refuse(venv: &Venv, schema: &Path, file: &Path) -> Outcome {
    let output = validator(venv, schema).arg("--quiet").arg(file).stdout(Stdio::null()).output()?;
    match output.status.code() {
        Some(1) => Ok(()),
        _ => Err(format!("{}: the schema takes what is wrong", file.display()).into()),
    }
}

fn validator(venv: &Venv, schema: &Path) -> Command {
    let mut command = Command::new(venv.bin("check-jsonschema"));
    command.arg("--schemafile").arg(schema);
    command
}

fn details(root: &Path, dir: &Path, detail_type: &str) -> Outcome<Vec<Detail>> {
    let dir = dir.join("details");
    fs::create_dir_all(&dir)?;
    let mut details = Vec::new();
    for path in files(&root.join("events/directory"))? {
        let event: Value = serde_json::from_slice(&fs::read(&path)?)?;
        if event["detail-type"] == detail_type {
            let name = path.file_name().unwrap_or_default();
            let file = dir.join(name);
            fs::write(&file, event["detail"].to_string())?;
            let is_right = !name.to_string_lossy().starts_with("rejected-") || event["time"].is_null();
            details.push(Detail { file, is_right });
        }
    }
    Ok(details)
}

fn files(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    Ok(files)
}
