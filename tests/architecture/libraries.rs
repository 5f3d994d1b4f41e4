//! What the host stands on has a reason.

use std::fs;

use super::none;
use crate::harness::repository;

#[test]
fn every_dependency_has_a_row_in_the_readme() {
    let manifest = fs::read_to_string(repository().join("host/Cargo.toml")).unwrap();
    let readme = fs::read_to_string(repository().join("host/README.md")).unwrap();
    let (_, table) = readme.split_once("## Libraries, and why").unwrap();
    let mut dependencies = Vec::new();
    let mut listed = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            listed = line.ends_with("dependencies]");
        } else if listed && let Some((name, version)) = line.split_once('=') {
            let package = version
                .split_once("package = \"")
                .and_then(|(_, rest)| rest.split('"').next());
            dependencies.push(package.unwrap_or(name.trim()).to_owned());
        }
    }
    assert!(dependencies.len() > 30, "{dependencies:?}");
    dependencies.retain(|name| !table.contains(&format!("`{name}`")));
    none(
        &dependencies,
        "say in host/README.md, \"Libraries, and why\", what it is for and why this one",
    );
}
