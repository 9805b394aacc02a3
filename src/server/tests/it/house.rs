//! The rules of the house that a compiler does not know: which crate may see which, how long a
//! file may be, what must not be written, and that the README lists every setting.

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use voxlink_server::config;

/// Who may depend on whom. A new edge is a decision: write it into src/ARCHITECTURE.md first.
const EDGES: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("gateways", &["types"]),
    ("domain", &["types", "gateways"]),
    ("adapters", &["types", "gateways"]),
    ("server", &["types", "gateways", "domain"]),
    ("islands", &["types", "domain"]),
    ("app", &["types", "domain", "islands"]),
    ("client", &["islands"]),
    ("bench", &["types", "gateways", "adapters"]),
    ("testkit", &["types", "gateways", "domain"]),
    ("", &["adapters", "app", "domain", "gateways", "server"]),
];

/// Files longer than 500 lines, each with its reason.
const LONG: &[(&str, &str)] = &[];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What git knows, and what is new and not ignored.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    String::from_utf8(listed.stdout)
        .unwrap()
        .lines()
        .filter(|name| endings.iter().any(|ending| name.ends_with(ending)))
        .map(PathBuf::from)
        .filter(|name| root().join(name).is_file())
        .collect()
}

#[test]
fn crates_see_only_whom_they_may() {
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&said.stdout).unwrap();
    let short =
        |name: &str| name.strip_prefix("voxlink").map(|n| n.trim_start_matches('-').to_owned());
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = short(package["name"].as_str().unwrap()).expect("a crate that is not ours");
        let (_, allowed) = EDGES
            .iter()
            .find(|(crate_name, _)| *crate_name == name)
            .unwrap_or_else(|| panic!("the crate voxlink-{name} has no row in EDGES"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(other) = short(dependency["name"].as_str().unwrap()) else { continue };
            // Tests may see everybody; what ships may not.
            if dependency["kind"] == "dev" {
                continue;
            }
            assert!(
                allowed.contains(&other.as_str()),
                "voxlink-{name} must not depend on voxlink-{other}"
            );
            assert_ne!(other, "testkit", "the testkit is for tests");
        }
        seen.insert(name);
    }
    assert_eq!(seen.len(), EDGES.len(), "a row of EDGES names no crate");
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for file in files(&[".rs", ".ts", ".sh", ".css"]) {
        let lines = fs::read_to_string(root().join(&file)).unwrap().lines().count();
        let excused = LONG.iter().any(|(name, _)| Path::new(name) == file);
        match (lines > 500, excused) {
            (true, false) => long.push(format!("{} has {lines} lines", file.display())),
            (false, true) => long.push(format!("{} needs no excuse any more", file.display())),
            _ => {}
        }
    }
    assert!(long.is_empty(), "split, or give a reason in LONG: {}", long.join("; "));
}

/// Leptos 0.8 does not escape what stands in a textarea: the kit's component and the routing
/// editor's field do.
#[test]
fn a_bare_textarea_is_written_only_in_the_kit() {
    let bare: Vec<String> = files(&[".rs"])
        .into_iter()
        .filter(|file| file.starts_with("app") && !file.starts_with("app/src/ui"))
        .filter(|file| file != Path::new("app/islands/plan_editor/fields.rs"))
        .filter(|file| fs::read_to_string(root().join(file)).unwrap().contains("<textarea"))
        .map(|file| file.display().to_string())
        .collect();
    assert!(bare.is_empty(), "use ui::TextArea: {bare:?}");
}

#[test]
fn migrations_are_numbered_once() {
    let mut numbers = BTreeSet::new();
    for file in files(&[".sql"]) {
        if let Ok(name) = file.strip_prefix("migrations") {
            let number = name.to_str().unwrap().split('_').next().unwrap().to_owned();
            assert!(numbers.insert(number.clone()), "two migrations have the number {number}");
        }
    }
    assert!(!numbers.is_empty());
}

#[test]
fn the_readme_lists_every_setting() {
    // Until the README stands, there is nothing to compare.
    let Ok(readme) = fs::read_to_string(root().join("README.md")) else { return };
    let table = config::table();
    assert!(
        readme.contains(table.trim()),
        "put the output of `voxlink settings` into README.md, unchanged:\n{table}"
    );
}
