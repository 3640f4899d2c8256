//! Who may depend on whom.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use toml::Table;

/// The packages of a folder, with the names of all that they depend on.
fn packages(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let manifests = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("Cargo.toml"));
    manifests
        .filter(|manifest| manifest.exists())
        .map(|manifest| {
            let manifest: Table = fs::read_to_string(manifest).unwrap().parse().unwrap();
            (manifest["package"]["name"].as_str().unwrap().to_owned(), dependencies(&manifest))
        })
        .collect()
}

/// Also those for builds, for tests, and for one platform only.
fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(listed) = manifest.get(kind).and_then(toml::Value::as_table) else { continue };
        for (name, dependency) in listed {
            let renamed = dependency.get("package").and_then(toml::Value::as_str);
            names.insert(renamed.unwrap_or(name).to_owned());
        }
    }
    if let Some(platforms) = manifest.get("target").and_then(toml::Value::as_table) {
        names.extend(platforms.values().filter_map(toml::Value::as_table).flat_map(dependencies));
    }
    names
}

fn functions() -> BTreeMap<String, BTreeSet<String>> {
    let functions = packages(".");
    assert!(functions.contains_key("intake") && functions.contains_key("sweep"));
    functions
}

fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let crates = packages("crates");
    assert!(crates.contains_key("habeas-domain") && crates.contains_key("habeas-lambda"));
    crates
}

#[test]
fn nothing_depends_on_a_function() {
    let functions = functions();
    for (package, dependencies) in functions.iter().chain(&crates()) {
        let wrong: Vec<_> = dependencies.iter().filter(|name| functions.contains_key(*name)).collect();
        assert!(wrong.is_empty(), "{package} depends on {wrong:?}");
    }
}

#[test]
fn the_domain_depends_on_nothing_of_habeas_and_nothing_of_aws() {
    for dependency in &crates()["habeas-domain"] {
        let outside = ["habeas", "aws", "lambda"].iter().all(|prefix| !dependency.starts_with(prefix));
        assert!(outside, "habeas-domain depends on {dependency}");
    }
}

#[test]
fn twins_stay_in_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for function in functions().into_keys() {
        let manifest = fs::read_to_string(root.join(&function).join("Cargo.toml")).unwrap();
        let manifest: Table = manifest.parse().unwrap();
        assert!(manifest["dependencies"].get("habeas-testkit").is_none(), "{function}");
    }
}
