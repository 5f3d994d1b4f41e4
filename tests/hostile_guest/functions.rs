//! The functions that a module can import, by `wit/`.

use std::collections::BTreeSet;
use std::fs;

use crate::harness::repository;

/// `INTERFACE.FUNCTION`, `INTERFACE.RESOURCE.FUNCTION`, of all interfaces that a world imports.
pub(super) fn imported() -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    let mut interfaces = BTreeSet::new();
    for entry in fs::read_dir(repository().join("wit")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wit") {
            read(
                &fs::read_to_string(path).unwrap(),
                &mut functions,
                &mut interfaces,
            );
        }
    }
    functions.retain(|function: &String| interfaces.contains(function.split('.').next().unwrap()));
    assert!(functions.len() > 40, "{functions:?}");
    functions
}

/// One statement stands in a line; what is open around it ends with a brace of its own.
fn read(text: &str, functions: &mut BTreeSet<String>, interfaces: &mut BTreeSet<String>) {
    let mut around: Vec<&str> = Vec::new();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
    {
        if let Some((name, _)) = line.split_once(": func(") {
            let resource = around.iter().skip(1).copied();
            let path = around
                .first()
                .copied()
                .into_iter()
                .chain(resource)
                .chain([name]);
            functions.insert(path.collect::<Vec<_>>().join("."));
        } else if let Some(import) = line.strip_prefix("import ") {
            interfaces.insert(import.trim_end_matches(';').to_owned());
        }
        if line.ends_with('{') {
            around.push(line.split_whitespace().nth(1).unwrap());
        } else if line == "}" {
            around.pop();
        }
    }
}
