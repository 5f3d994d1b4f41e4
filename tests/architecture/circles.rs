//! Inside a room files import each other in one direction too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::imports::{Crate, Import};
use super::none;
use super::source::files;

/// The rooms of the host whose files are looked at.
const ROOMS: [&str; 4] = ["service", "store", "sandbox", "modules"];

/// Pairs that may import each other, and why: at most three, and each only as long as it is needed.
const ALLOWED: [(&str, &str, &str); 0] = [];

#[test]
fn no_room_has_a_circle_of_files() {
    let host = Crate::read("host/src").imports();
    let found: Vec<String> = ROOMS
        .iter()
        .flat_map(|room| circles(&within(&host, &Path::new("host/src").join(room))))
        .collect();
    none(
        &found,
        "let one of them take what it needs as an argument, or move what both need into a file below them",
    );
}

#[test]
fn no_plugin_has_a_circle_of_files() {
    let crates: BTreeSet<PathBuf> = files("plugins", &["rs"])
        .iter()
        .filter(|source| !source.path.starts_with("plugins/templates"))
        .filter_map(|source| {
            let above = source.path.ancestors();
            above
                .into_iter()
                .find(|folder| folder.ends_with("src"))
                .map(Path::to_owned)
        })
        .collect();
    assert!(crates.len() > 5, "{crates:?}");
    let found: Vec<String> = crates
        .iter()
        .flat_map(|folder| circles(&Crate::read(folder.to_str().unwrap()).imports()))
        .collect();
    none(&found, "move what both need into a file below them");
}

#[test]
fn the_list_of_exceptions_only_shrinks() {
    assert!(ALLOWED.len() <= 3, "at most three exceptions");
    let imports = Crate::read("host/src").imports();
    for (from, to, why) in ALLOWED {
        assert!(!why.is_empty(), "{from} has no reason");
        let there = |import: &&Import| import.from.ends_with(from) && import.to.ends_with(to);
        assert!(
            imports.iter().any(|import| there(&import)),
            "{from} does not import {to} any more: remove the exception"
        );
    }
}

fn within(imports: &[Import], room: &Path) -> Vec<Import> {
    let both = |import: &&Import| {
        let file = room.with_extension("rs");
        let inside = |path: &Path| path.starts_with(room) || path == file;
        inside(&import.from) && inside(&import.to)
    };
    imports.iter().filter(both).cloned().collect()
}

/// Each circle as its imports, one a line.
fn circles(imports: &[Import]) -> Vec<String> {
    let allowed = |import: &&Import| {
        !ALLOWED
            .iter()
            .any(|(from, to, _)| import.from.ends_with(from) && import.to.ends_with(to))
    };
    let imports: Vec<&Import> = imports.iter().filter(allowed).collect();
    let mut edges: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for import in &imports {
        edges.entry(&import.from).or_default().insert(&import.to);
    }
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = edges
        .keys()
        .map(|from| (*from, reachable(from, &edges)))
        .collect();
    // Both ends lead to each other.
    let circular = |import: &&&Import| {
        let leads = |from: &PathBuf, to: &PathBuf| {
            reached
                .get(from.as_path())
                .is_some_and(|all| all.contains(to.as_path()))
        };
        leads(&import.to, &import.from)
    };
    imports
        .iter()
        .filter(circular)
        .map(|import| {
            let (from, line, to) = (import.from.display(), import.line, import.to.display());
            format!("{from}:{line}: imports {to}, which leads back")
        })
        .collect()
}

fn reachable<'a>(
    from: &'a Path,
    edges: &BTreeMap<&'a Path, BTreeSet<&'a Path>>,
) -> BTreeSet<&'a Path> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        for to in edges.get(next).into_iter().flatten() {
            if seen.insert(*to) {
                open.push(to);
            }
        }
    }
    seen
}

#[test]
fn a_circle_is_found() {
    let import = |from: &str, to: &str| Import {
        from: from.into(),
        line: 1,
        to: to.into(),
        path: Vec::new(),
    };
    let found = circles(&[
        import("a.rs", "b.rs"),
        import("b.rs", "c.rs"),
        import("c.rs", "b.rs"),
    ]);
    assert_eq!(found.len(), 2, "{found:?}");
}
