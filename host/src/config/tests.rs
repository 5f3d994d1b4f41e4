//! The shipped files, and pairs of broken files with the exact messages about them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::error::Error;

mod properties;

/// What the seed's `.env` sets.
const ENV: [(&str, &str); 4] = [
    ("SIDECAR_STRATEGY_TYPE", "database_dump"),
    ("BACKUP_API_TOKEN", "a-token"),
    ("DATABASE_URL", "postgresql://user:pass@db:5432/app"),
    ("DATABASE_PASSWORD", "very-secret"),
];

pub(super) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

#[test]
fn the_example_is_valid_with_the_variables_of_its_env_file() {
    let environment = Environment::new(ENV, repository());
    let config = load(Some(Path::new("config/config.example.yaml")), &environment);
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.strategy.name, "database_dump");
    assert_eq!(config.strategy.config["env"]["PGPASSWORD"], "very-secret");
    let command = config.strategy.config["command"].as_str().unwrap();
    assert_eq!(
        command,
        "pg_dump --dbname=\"${DATABASE_URL}\" --format=custom\n"
    );
    assert_eq!(config.secrets.api_token.reveal(), "a-token");
}

#[test]
fn the_demo_needs_nothing() {
    let config = demo(&Environment::new([("X", "")], "/clone"));
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.paths.workdir, Path::new("/clone"));
    assert_eq!(
        config.paths.artifacts,
        Path::new("/tmp/sidecar-demo/artifacts")
    );
    assert_eq!(config.strategy.name, "file_archive");
}

/// What the broken files are read with.
const BROKEN_ENV: [(&str, &str); 6] = [
    ("BACKUP_API_TOKEN", "a-token"),
    ("DATABASE_URL", "postgresql://user:pass@db:5432/app"),
    ("PASSWORD", "hunter2"),
    ("SPACES", "hunter2 and more"),
    ("INJECTION", "gz\nmin_size: 0"),
    ("EMPTY", ""),
];

/// Each `tests/configuration/NAME.yaml` leads to exactly the message in `NAME.err`. A module's schema,
/// if the pair has one, is `NAME.schema.json`. `UPDATE_GOLDEN=1` updates the messages.
#[test]
fn broken_files_are_explained() {
    assert_explained("tests/configuration", 35, broken);
}

/// Each file of a folder has its `message`; there are at least so many.
#[track_caller]
pub(super) fn assert_explained(
    folder: &str,
    least: usize,
    message: fn(&Path, &Environment) -> String,
) {
    let folder = repository().join(folder);
    let environment = Environment::new(BROKEN_ENV, repository());
    let mut different = Vec::new();
    let mut count = 0;
    for name in names_in(&folder) {
        let message = message(&folder.join(&name), &environment) + "\n";
        for secret in [
            "hunter2",
            "a-token",
            "user:pass",
            "min_size: 0",
            "AGE-SECRET",
        ] {
            assert!(
                !message.contains(secret),
                "{name} shows a secret:\n{message}"
            );
        }
        different.extend(golden(&folder.join(format!("{name}.err")), &message));
        count += 1;
    }
    assert!(count >= least, "only {count} pairs are left");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The names of the pairs.
fn names_in(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The message about a broken file.
fn broken(stem: &Path, environment: &Environment) -> String {
    let text = std::fs::read_to_string(stem.with_extension("yaml")).unwrap();
    let shown = PathBuf::from(stem.file_name().unwrap()).with_extension("yaml");
    let checked = parse(&shown, &text, environment).and_then(|config| {
        let schema = std::fs::read(stem.with_extension("schema.json")).ok();
        match schema {
            Some(schema) => config.check_strategy(&serde_json::from_slice(&schema).unwrap()),
            None => Ok(Value::Null),
        }
    });
    let problems = checked.expect_err(&format!("{} is not broken", stem.display()));
    Error::from(problems).message().to_owned()
}

/// A description of the difference, if `path` holds something else than `expected`.
fn golden(path: &Path, actual: &str) -> Option<String> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    (expected != actual).then(|| {
        format!(
            "{} expects\n{expected}\nand not\n{actual}\nUPDATE_GOLDEN=1 accepts the new message",
            path.display()
        )
    })
}

#[test]
fn the_published_schemas_are_up_to_date() {
    for (name, schema) in [("config", schema()), ("fleet", fleet_schema())] {
        let file = format!("config/{name}.schema.json");
        let schema = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let different = golden(&repository().join(&file), &schema);
        assert!(different.is_none(), "UPDATE_GOLDEN=1 renews {file}");
    }
}

#[test]
fn the_published_schemas_are_valid_ones() {
    for schema in [schema(), fleet_schema()] {
        jsonschema::meta::validate(&schema).unwrap();
    }
}

/// A small valid file, with `more` at its end.
fn small(more: &str) -> Result<Config, ConfigProblems> {
    let text = format!(
        "capabilities: {{version: v1, types: [database]}}\n\
         paths: {{workdir: work, artifacts: /a/./b, temp_dump: /tmp/dump}}\n{more}"
    );
    let environment = Environment::new([("DIGITS", "0123"), ("EMPTY", "")], "/current");
    parse(Path::new("conf/sidecar.yaml"), &text, &environment)
}

#[test]
fn defaults_are_filled_in_and_paths_are_absolute() {
    let config = small("strategy: {type: Postgres}\nsecrets: {api_token: x}").unwrap();
    assert_eq!(config.strategy.name, "database_dump");
    assert_eq!(
        config.strategy.timeout,
        Some(std::time::Duration::from_secs(7200))
    );
    assert_eq!(config.strategy.artifact.filename, "backup.dat");
    assert_eq!(config.strategy.config, serde_json::json!({}));
    assert_eq!(config.paths.workdir, Path::new("/current/work"));
    assert_eq!(config.paths.artifacts, Path::new("/a/b"));
    assert_eq!(
        (config.app.listen.port, config.app.listen.host.as_str()),
        (8000, "0.0.0.0")
    );
}

#[test]
fn a_module_is_found_from_the_file_and_by_its_name() {
    let config = small(
        "strategy: {type: MINE, timeout: 0}\nsecrets: {api_token: x}\n\
         modules: {mine: {source: ./mine.wasm, allow: {read: [/data]}, limits: {memory: 2MiB}}}",
    )
    .unwrap();
    let module = &config.modules[&config.strategy.name];
    assert_eq!(
        module.source,
        Origin::File("/current/conf/mine.wasm".into())
    );
    assert_eq!(module.limits.memory, Some(2 << 20));
    assert_eq!(module.allow.read, [Path::new("/data")]);
    assert_eq!(config.strategy.timeout, None);
}

#[test]
fn where_text_is_expected_it_is_taken_as_it_was_written() {
    let config = small(
        "secrets: {api_token: \"${DIGITS}\"}\nstrategy:\n  type: custom\n  artifact: {format: 007}\n  \
         config:\n    command: true\n    env: {PORT: 0700, FLAG: yes, TOKEN: \"${DIGITS}\"}\n    \
         label: 1.50\n    empty: ${EMPTY}\n    count: 1.50\n",
    )
    .unwrap();
    assert_eq!(config.secrets.api_token.reveal(), "0123");
    assert_eq!(config.strategy.artifact.format, "007");
    assert_eq!(config.strategy.config["command"], "true");
    assert_eq!(config.strategy.config["env"]["PORT"], "0700");
    let text = serde_json::json!({"type": "string"});
    let schema = serde_json::json!({"properties": {"label": text, "empty": text}});
    let fitted = config.check_strategy(&schema).unwrap();
    assert_eq!(fitted["label"], "1.50");
    assert_eq!(fitted["empty"], "");
    assert_eq!(fitted["count"], 1.5);
}

#[test]
fn a_secret_file_loses_the_newline_at_its_end_only() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "tok\r\n").unwrap();
    let secrets = format!("secrets: {{api_token_file: {}}}", file.path().display());
    let config = small(&format!("strategy: {{type: custom}}\n{secrets}")).unwrap();
    assert_eq!(config.secrets.api_token.reveal(), "tok");
    assert!(
        !format!("{config:?}").contains("tok\""),
        "a secret is printed"
    );
}

#[test]
fn the_search_path_is_tried_in_order() {
    let nowhere = Environment::new([("HOME", "/root")], "/nonexistent");
    let problems = load(None, &nowhere).unwrap_err().to_string();
    for path in [
        "--config",
        "$SIDECAR_CONFIG_PATH",
        "/etc/sidecar/config.yaml",
        "config/config.yaml",
    ] {
        assert!(problems.contains(path), "{problems}");
    }
    let named = Environment::new([("SIDECAR_CONFIG_PATH", "config/demo.yaml")], repository());
    assert_eq!(
        load(None, &named).unwrap().file,
        Path::new("config/demo.yaml")
    );
    let problems = load(Some(Path::new("other.yaml")), &named)
        .unwrap_err()
        .to_string();
    assert!(problems.starts_with("other.yaml: the configuration cannot be read: no such file"));
}

#[test]
fn the_example_names_all_missing_variables_at_once() {
    let environment = Environment::new([("X", "")], repository());
    let problems = load(Some(Path::new("config/config.example.yaml")), &environment).unwrap_err();
    let message = problems.to_string();
    for (name, _) in ENV {
        assert!(message.contains(name), "{name} is not named:\n{message}");
    }
    assert_eq!(problems.iter().len(), ENV.len(), "{message}");
}

#[test]
fn what_a_module_finds_wrong_gets_a_position() {
    let config =
        small("secrets: {api_token: x}\nstrategy:\n  type: custom\n  config: {a: 1}\n").unwrap();
    let problems = config.refused([(
        "`command` is required".to_owned(),
        Some("add it".to_owned()),
    )]);
    let message = "conf/sidecar.yaml:6:3: strategy.config: `command` is required\n    add it";
    assert_eq!(problems.to_string(), message);
}

/// What `config/examples/` expects in the environment.
const EXAMPLES_ENV: [(&str, &str); 12] = [
    ("BACKUP_API_TOKEN", "a-token"),
    ("DATABASE_URL", "postgresql://user@db:5432/app"),
    ("DATABASE_PASSWORD", "very-secret"),
    ("OCC", "php occ"),
    ("S3_ENDPOINT", "https://minio:9000"),
    ("S3_KEY", "key"),
    ("S3_SECRET", "a-secret-of-s3"),
    ("POSTGRES_USER", "postgres"),
    ("POSTGRES_PASSWORD", "very-secret"),
    ("MINIO_ROOT_USER", "admin"),
    ("MINIO_ROOT_PASSWORD", "very-secret-too"),
    (
        "AGE_RECIPIENT",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    ),
];

#[test]
fn the_examples_of_whole_applications_are_valid() {
    let folder = repository().join("config/examples");
    let environment = Environment::new(EXAMPLES_ENV, repository());
    let names = names_in(&folder);
    assert_eq!(names, ["citus-with-files", "nextcloud", "wordpress"]);
    for name in names {
        let config = load(
            Some(&folder.join(&name).with_extension("yaml")),
            &environment,
        );
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        assert!(config.several.unwrap().members.len() > 1, "{name}");
    }
}

#[test]
fn each_of_several_strategies_is_read_as_if_it_were_the_only_one() {
    let config = small(
        "secrets: {api_token: x}\nschedule: [{cron: '0 3 * * *'}]\nretention: {daily: {days: 30}}\n\
         drill: {into: /scratch}\n\
         stores: [{name: a, type: fs, path: /a, prefix: p}, {name: b, type: fs, path: /b}]\n\
         strategies:\n  db: {type: postgres, stores: [b], retention: {weekly: {last: 2}}, \
         capabilities: {types: [db], est_size: 5}}\n  \
         files: {type: filesystem, artifact: {filename: f.tar}, schedule: [{cron: '@hourly'}]}\n  \
         extra: {type: custom}\nset: {members: [files, db], parallel: 2}",
    )
    .unwrap();
    let several = config.several.as_ref().unwrap();
    let [db, files, extra] = several.members.as_slice() else {
        panic!("{:?}", several.set);
    };
    assert_eq!(
        (several.set.members.as_slice(), several.set.parallel),
        (["files", "db"].map(str::to_owned).as_slice(), 2)
    );
    let prefixes = |config: &Config| -> Vec<String> {
        config
            .stores
            .iter()
            .map(|store| store.prefix.clone())
            .collect()
    };
    assert_eq!(prefixes(&config), ["p/sets", "sets"]);
    assert_eq!(
        (prefixes(db), prefixes(files)),
        (
            vec!["db".to_owned()],
            vec!["p/files".to_owned(), "files".to_owned()]
        )
    );
    // A member of the set runs with it, and alone only by its own schedule.
    assert_eq!(
        [&config, db, files, extra].map(|one| one.schedule.len()),
        [1, 0, 1, 1]
    );
    assert_eq!(files.schedule[0].cron, "@hourly");
    assert!(db.retention.get(Tier::Daily).is_none() && files.retention.get(Tier::Daily).is_some());
    assert_eq!(
        [&config, db, extra].map(|one| one.drill.is_some()),
        [false, true, true]
    );
    assert_eq!(
        (db.capabilities.types.as_slice(), db.capabilities.est_size),
        (["db".to_owned()].as_slice(), Some(5))
    );
    assert_eq!(db.paths.artifacts, Path::new("/a/b/db"));
    assert_eq!(db.paths.temp_dump, Path::new("/tmp/db/dump"));
    assert_eq!(db.paths.workdir, config.paths.workdir);
    assert_eq!(files.strategy.artifact.filename, "f.tar");
}
