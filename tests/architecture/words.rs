//! The field's words: a name that needs an explanation is replaced by the one that everybody knows.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::none;
use super::source::{Source, code, files, words};

/// A word that is found in any part of a name (`my_growth`, `GrowthOf`), and what to write instead.
const ANYWHERE: [(&str, &str); 31] = [
    ("anatomy", "ComponentInfo, component_info"),
    ("foresee", "stage"),
    ("foretell", "stage"),
    ("foretold", "PendingManifest"),
    ("glance", "a constant that ends with _INTERVAL"),
    ("growth", "SpoolReader"),
    ("herald", "RunNotifier"),
    ("hostile", "limits"),
    ("manners", "static_checks"),
    ("mutants", "invalid_config"),
    ("parcel", "StoreUpload, store_upload"),
    (
        "patience",
        "RetryPolicy; a constant that ends with _TIMEOUT or _LIMIT",
    ),
    ("pulse", "ProgressReporter"),
    ("readback", "SpoolCopy"),
    ("rude", "bad_message"),
    ("seat", "ActiveRun"),
    ("settle", "apply_retention"),
    ("settled", "apply_retention"),
    ("shelf", "module cache"),
    ("ship", "upload, upload_all"),
    ("shipment", "store upload"),
    ("sip", "CHUNK_SIZE"),
    ("specimen", "ModuleProbe, module_probe"),
    ("strays", "OrphanReaper"),
    ("supply", "modules"),
    ("trials", "fault_injection"),
    ("trouble", "error"),
    ("unclaim", "release"),
    ("wayback", "round_trip"),
    ("door", "frontend"),
    ("doors", "frontend"),
];

/// A word that is found only as a whole name: part of others it is plain English.
const WHOLE: [(&str, &str); 23] = [
    ("ahead", "ReadAhead, read_ahead"),
    ("alone", "StrategyConfig, strategy_config"),
    ("arrive", "commit"),
    ("arrived", "commit"),
    ("claim", "replica lease"),
    ("claimed", "replica lease"),
    ("come_true", "commit"),
    ("deliver", "finish_upload"),
    ("first_contact", "newcomer"),
    ("four_hundred_nights", "retention_over_400_days"),
    ("grace", "a constant that ends with _TIMEOUT"),
    ("hold", "StoreLock, store_lock"),
    ("keep", "prune, retain, download_cache"),
    ("kept", "retained, downloads"),
    ("lasting", "LEASE_DURATION, duration"),
    ("look", "a constant that ends with _INTERVAL"),
    ("news", "run events, notifications"),
    ("published_manifest", "publish journal"),
    ("read_back", "SpoolCopy, spool_copy"),
    ("shipped", "uploaded"),
    ("turn", "RunLock, run_lock"),
    ("unpublish", "remove_published"),
    ("way_back", "round_trip"),
];

/// A type that says how it was learned instead of what it is.
const TYPES: [(&str, &str); 6] = [
    ("Heard", "what it is: Message"),
    ("Known", "RunHandle"),
    ("Locked", "LockReport"),
    ("Said", "what it is: Message"),
    ("Told", "what it is: CheckResult"),
    ("Words", "what it is: Message"),
];

/// A word that no file or module is called.
const FILES: [(&str, &str); 11] = [
    ("bench", "fixture"),
    ("claim", "lease"),
    ("delivery", "stream"),
    ("guard", "guards"),
    ("keep", "prune"),
    ("locked", "lockfile"),
    ("words", "what they are: terms, messages"),
    ("kit", "conformance"),
    ("news", "notifications"),
    ("pending", "missed_uploads"),
    ("published", "publish_journal"),
];

/// Where a word is what it says, and why.
const FINE: [(&str, &str, &str); 8] = [
    (
        "tests",
        "hostile",
        "a client, an archive, a schema that means harm",
    ),
    (
        "tests",
        "a_hostile",
        "a client, an archive, a schema that means harm",
    ),
    (
        "host/src/retention",
        "keep",
        "interface.md: retention says keep or delete",
    ),
    (
        "host/src/retention.rs",
        "keep",
        "interface.md: retention says keep or delete",
    ),
    (
        "host/src/service/catalogue/prune.rs",
        "keep",
        "interface.md: retention says keep or delete",
    ),
    (
        "host/src/service/browse/decided.rs",
        "keep",
        "interface.md: retention says keep or delete",
    ),
    (
        "host/src/config/oidc.rs",
        "claim",
        "OpenID Connect: what an ID token says",
    ),
    (
        "host/src/frontend/http/oidc",
        "claim",
        "OpenID Connect: what an ID token says",
    ),
];

/// The command line's words that `interface.md` fixes.
const FIXED: [&str; 1] = ["--pending"];

fn fine(source: &Source, word: &str) -> bool {
    let listed = |(place, listed, _): &(&str, &str, &str)| {
        source.path.starts_with(place) && word.starts_with(listed)
    };
    source.path.starts_with("tests/architecture") || FINE.iter().any(listed)
}

/// What to write instead of a name.
fn instead(name: &str) -> Option<&'static str> {
    let snake = snake(name);
    let exact = TYPES.iter().find(|(word, _)| *word == name);
    let whole = || WHOLE.iter().find(|(word, _)| *word == snake);
    let part = || {
        ANYWHERE
            .iter()
            .find(|(word, _)| snake.split('_').any(|part| part == *word))
    };
    exact
        .or_else(whole)
        .or_else(part)
        .map(|(_, instead)| *instead)
}

/// `SpoolReader` is `spool_reader`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_lowercase() || c.is_numeric();
        out.extend(c.to_lowercase());
    }
    out.replace('-', "_").trim_matches('_').to_owned()
}

/// Findings among names and the lines they are on.
fn findings(source: &Source, names: impl IntoIterator<Item = (String, usize)>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names
        .into_iter()
        .filter(|(name, _)| !fine(source, &snake(name)))
        .filter_map(|(name, line)| {
            let instead = instead(&name)?;
            seen.insert(name.clone())
                .then(|| format!("{}: `{name}`: write {instead}", source.place(line)))
        })
        .collect()
}

/// Names that this file declares or uses on its own; not a method or a path of another crate.
fn of_rust(source: &Source) -> Vec<(String, usize)> {
    let code = code(&source.text);
    let own = |start: usize| {
        let before = code[..start].trim_end();
        !(before.ends_with("::") || before.ends_with('.') && !before.ends_with(".."))
    };
    words(&code)
        .iter()
        .filter(|word| own(word.start))
        .map(|word| (word.text.to_owned(), word.line))
        .collect()
}

/// Names that WIT declares: before a colon, or after a keyword.
fn of_wit(source: &Source) -> Vec<(String, usize)> {
    let kebab = |c: char| !(c.is_alphanumeric() || c == '-');
    (1..)
        .zip(source.text.lines())
        .flat_map(|(number, line)| {
            let line = line.split("//").next().unwrap_or("");
            line.split(kebab).map(move |name| (name.to_owned(), number))
        })
        .collect()
}

/// Names that Python or a shell declares.
fn of_script(source: &Source) -> Vec<(String, usize)> {
    (1..)
        .zip(source.text.lines())
        .filter_map(|(number, line)| {
            let line = line.trim_start().trim_start_matches("local ");
            let declared = line
                .strip_prefix("def ")
                .or_else(|| line.strip_prefix("class "));
            let name: String = declared
                .unwrap_or(line)
                .chars()
                .take_while(|c| super::source::is_word(*c))
                .collect();
            let rest = line[line.find(&name)? + name.len()..].trim_start();
            let assigned = rest.starts_with('=') || rest.starts_with("()");
            (declared.is_some() || assigned).then_some((name, number))
        })
        .collect()
}

#[test]
fn names_are_the_fields_words() {
    const FOLDERS: [&str; 4] = ["host", "plugins", "wit", "tests"];
    let mut found = Vec::new();
    for folder in FOLDERS {
        for source in files(folder, &["rs"]) {
            found.extend(findings(&source, of_rust(&source)));
        }
        for source in files(folder, &["wit"]) {
            found.extend(findings(&source, of_wit(&source)));
        }
        for source in files(folder, &["py", "sh", ""]) {
            found.extend(findings(&source, of_script(&source)));
        }
    }
    none(
        &found,
        "take the field's word: `host/README.md` has the map",
    );
}

#[test]
fn files_and_folders_are_called_by_the_fields_words() {
    let mut found = BTreeSet::new();
    for folder in ["host", "plugins", "wit", "tests"] {
        for source in files(folder, &["rs", "wit", "py", "sh", ""]) {
            for part in source.path.iter().skip(1) {
                let name = Path::new(part).file_stem().unwrap().to_str().unwrap();
                let own = source.path.starts_with("host/src");
                let file = FILES.iter().find(|(word, _)| own && *word == name);
                let instead = file.map(|(_, instead)| *instead).or_else(|| instead(name));
                if let Some(instead) = instead.filter(|_| !fine(&source, name)) {
                    found.insert(format!("{}: call it {instead}", source.place(1)));
                }
            }
        }
    }
    let found: Vec<String> = found.into_iter().collect();
    none(&found, "take the field's word");
}

#[test]
fn the_command_line_speaks_the_fields_words() {
    let completions = Command::new(env!("CARGO_BIN_EXE_sidecar"))
        .args(["completions", "bash"])
        .output()
        .unwrap();
    let text = String::from_utf8(completions.stdout).unwrap();
    assert!(text.contains("--dry-run"), "{text}");
    let offered: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("opts=\""))
        .flat_map(|line| line.trim_end_matches('"').split_whitespace())
        .filter(|word| !FIXED.contains(word))
        .collect();
    assert!(offered.len() > 40, "{offered:?}");
    let found: Vec<String> = offered
        .iter()
        .filter_map(|word| Some(format!("{word}: write {}", instead(word)?)))
        .collect();
    none(&found, "take the field's word");
}

#[test]
fn old_words_are_found() {
    for name in [
        "Growth",
        "my_growth",
        "GROWTH",
        "turn",
        "come_true",
        "way-back",
    ] {
        assert!(instead(name).is_some(), "{name}");
    }
    for name in [
        "return",
        "turnover",
        "threshold",
        "relationship",
        "keep_undelivered",
    ] {
        assert!(instead(name).is_none(), "{name}");
    }
}
