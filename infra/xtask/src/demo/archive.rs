use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;
use zip::ZipArchive;

use crate::Outcome;
use crate::ui::Ui;
use crate::verify_archive::verify;

/// Data type to collection to the ids of its records.
type Ids = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Opens the archive, prints what is in it, and compares it record by record
/// with what the loaded folder says must be in it.
pub(super) fn check(file: &Path, people: &[String], dir: &Path, ui: &Ui) -> Outcome {
    let verified = verify(File::open(file)?, &|_, _| ())?;
    if let Some(flaw) = verified.flaws.first() {
        return Err(format!("the archive is not what its manifest says: {flaw}").into());
    }
    let mut zip = ZipArchive::new(File::open(file)?)?;
    let manifest: Value = serde_json::from_slice(&content(&mut zip, 0)?)?;
    let secrets = secrets(dir)?;
    let mut found: BTreeMap<String, Ids> = BTreeMap::new();
    for subject in manifest["subjects"].as_array().into_iter().flatten() {
        let address = subject["address"].as_str().unwrap_or_default();
        let ids = found.entry(address.to_owned()).or_default();
        ui.say(&format!("  {address}"));
        for data_type in subject["data_types"].as_array().into_iter().flatten() {
            for collection in data_type["collections"].as_array().into_iter().flatten() {
                print_collection(data_type, collection, ui);
                let of_type =
                    ids.entry(data_type["data_type"].as_str().unwrap_or_default().to_owned()).or_default();
                let name = collection["collection"].as_str().unwrap_or_default();
                let of_collection = of_type.entry(name.to_owned()).or_default();
                for part in collection["files"].as_array().into_iter().flatten() {
                    let path = part["path"].as_str().unwrap_or_default();
                    let index =
                        zip.index_for_name(path).ok_or_else(|| format!("{path} is not in the archive"))?;
                    let bytes = content(&mut zip, index)?;
                    if path.ends_with(".jsonl") {
                        read_ids(name, &bytes, of_collection)?;
                    }
                    refuse_secrets(path, &bytes, &secrets)?;
                }
            }
        }
    }
    compare(&found, people, dir)?;
    ui.say("  As its manifest says, record by record what the data says, and no passcode or key anywhere.");
    Ok(())
}

fn print_collection(data_type: &Value, collection: &Value, ui: &Ui) {
    let held = match collection["nothing_held"].as_bool() {
        Some(true) => "nothing held".to_owned(),
        _ => format!("{} records", collection["records"]),
    };
    let (data_type, name) = (data_type["data_type"].as_str(), collection["collection"].as_str());
    ui.say(&format!("    {:<12} {:<22} {held}", data_type.unwrap_or("?"), name.unwrap_or("?")));
}

fn compare(found: &BTreeMap<String, Ids>, people: &[String], dir: &Path) -> Outcome {
    for person in people {
        let expected = habeas_sample_data::expected(dir, person, None)?;
        for (data_type, collections) in &expected {
            for (collection, ids) in collections {
                let none = BTreeSet::new();
                let got = found.get(person).and_then(|t| t.get(data_type)).and_then(|c| c.get(collection));
                let got = got.unwrap_or(&none);
                if got != ids {
                    let (more, fewer) = (got.difference(ids).count(), ids.difference(got).count());
                    let what = format!("{person}: {collection}: {fewer} records missing, {more} too many");
                    return Err(what.into());
                }
            }
        }
    }
    Ok(())
}

/// A record twice is as wrong as one missing.
fn read_ids(collection: &str, bytes: &[u8], ids: &mut BTreeSet<String>) -> Outcome {
    let text = std::str::from_utf8(bytes)?;
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let row: Value = serde_json::from_str(line)?;
        // Collections that the data has no rows of, such as files, have no record ids.
        let Some(id) = habeas_sample_data::record_id(collection, &row) else { continue };
        if !ids.insert(id.clone()) {
            return Err(format!("{collection} has the record {id} twice").into());
        }
    }
    Ok(())
}

/// Every value that the loaded data has in a security field.
fn secrets(dir: &Path) -> Outcome<Vec<String>> {
    let mut secrets = Vec::new();
    for stem in ["meetings", "webinars"] {
        let text = std::fs::read_to_string(dir.join(format!("{stem}.jsonl")))?;
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            let row: Value = serde_json::from_str(line)?;
            for field in ["passcode", "encryption_key"] {
                secrets.extend(row[field].as_str().map(ToOwned::to_owned));
            }
        }
    }
    Ok(secrets)
}

fn refuse_secrets(path: &str, bytes: &[u8], secrets: &[String]) -> Outcome {
    // Whole JSON strings: six hexadecimal digits alone stand in many a file by chance.
    let text = String::from_utf8_lossy(bytes);
    let leaked = secrets.iter().any(|secret| text.contains(&format!("\"{secret}\"")))
        || ["\"passcode\"", "\"encryption_key\""].iter().any(|field| text.contains(field));
    if leaked { Err(format!("{path} contains security data").into()) } else { Ok(()) }
}

fn content(zip: &mut ZipArchive<File>, index: usize) -> Outcome<Vec<u8>> {
    let mut entry = zip.by_index(index)?;
    let mut bytes = Vec::new();
    // The reader checks the CRC-32 at the end.
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}
