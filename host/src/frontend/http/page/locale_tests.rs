//! Both languages say the same, and all that the templates and the code ask for.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

const LOCALES: [&str; 2] = [
    include_str!("locales/en.ftl"),
    include_str!("locales/es.ftl"),
];

/// The keys of a file, each with the variables of its text.
fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines() {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            key = line.split(" =").next().unwrap().to_owned();
            assert!(
                keys.insert(key.clone(), BTreeSet::new()).is_none(),
                "{key} is there twice"
            );
        }
        for variable in line.split('$').skip(1) {
            let end = variable.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            let variable = &variable[..end.unwrap_or(variable.len())];
            keys.get_mut(&key).unwrap().insert(variable.to_owned());
        }
    }
    keys
}

/// Every text in `source` that stands directly behind one of `calls`.
fn asked(source: &str, calls: &[&str]) -> Vec<String> {
    let behind = |call: &&str| {
        let before = format!("{call}\"");
        let found = source.split(before.as_str()).skip(1);
        found
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    calls.iter().flat_map(behind).collect()
}

fn sources() -> Vec<PathBuf> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/frontend/http/page");
    let folders = [
        page.join("templates"),
        page.join("restore"),
        page.join("fleet"),
        page,
    ];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| !path.ends_with("locale_tests.rs"))
        .collect()
}

#[test]
fn both_languages_have_the_same_keys_and_variables() {
    let [english, spanish] = LOCALES.map(keys);
    assert!(english.len() > 100, "{}", english.len());
    assert_eq!(english, spanish);
}

#[test]
fn every_text_that_is_asked_for_is_there() {
    let keys = keys(LOCALES[0]);
    let mut missing = BTreeSet::new();
    for path in sources() {
        let Ok(source) = fs::read_to_string(&path) else {
            continue;
        };
        let found = asked(&source, &[".text(", ".fill("]);
        missing.extend(found.into_iter().filter(|key| !keys.contains_key(key)));
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn every_text_can_be_formatted() {
    for locale in Locale::ALL {
        for (key, variables) in keys(LOCALES[0]) {
            let values: Vec<_> = variables
                .iter()
                .map(|name| (name.as_str(), FluentValue::from(2)))
                .collect();
            let text = locale.fill(&key, &values);
            assert!(!text.contains('{') && text != key, "{key}: {text}");
        }
    }
}

/// Numbers that a noun stands behind.
const COUNTS: [&str; 5] = ["count", "days", "held", "last", "slots"];

#[test]
fn one_is_no_plural() {
    let english = keys(LOCALES[0]);
    // Their numbers have no noun, or are none.
    let others = ["list-and", "pages", "filter-count"];
    let counted = english.iter().filter(|(key, variables)| {
        !others.contains(&key.as_str()) && COUNTS.iter().any(|count| variables.contains(*count))
    });
    let counted: Vec<&String> = counted.map(|(key, _)| key).collect();
    assert!(counted.len() > 10, "{counted:?}");
    for locale in Locale::ALL {
        for key in &counted {
            let of = |number: u32| {
                let values = COUNTS.map(|name| (name, FluentValue::from(number)));
                locale.fill(key, &values).replace(&number.to_string(), "N")
            };
            assert_ne!(of(1), of(3), "{}: {key}", locale.tag());
        }
    }
    let found = |count: u32| Locale::Spanish.fill("backups-count", &[("count", count.into())]);
    assert_eq!(
        (found(1), found(2)),
        ("1 copia".to_owned(), "2 copias".to_owned())
    );
}

#[test]
fn the_browsers_languages_decide() {
    let accepted = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, value.parse().unwrap());
        Locale::accepted(&headers)
    };
    assert_eq!(accepted("es-MX,es;q=0.9,en;q=0.8"), Locale::Spanish);
    assert_eq!(accepted("de, en-GB;q=0.7"), Locale::English);
    assert_eq!(accepted("de"), Locale::English);
    assert_eq!(Locale::accepted(&HeaderMap::new()), Locale::English);
}
