//! `sidecar check`: everything that can be known before the next run.

use crate::harness::{Sidecar, TOKEN, repository};

/// The variables of the seed's `.env`.
const ENV: [(&str, &str); 4] = [
    ("SIDECAR_STRATEGY_TYPE", "database_dump"),
    ("BACKUP_API_TOKEN", "poneme_un_token"),
    ("DATABASE_URL", "postgresql://user:pass@db:5432/app"),
    ("DATABASE_PASSWORD", "super-secreta"),
];

fn example() -> Sidecar {
    let example = repository().join("config/config.example.yaml");
    let text = std::fs::read_to_string(example).unwrap();
    // The one change: this machine does not have the folders of the container.
    Sidecar::new().config_text(&text.replace("/var/lib/sidecar", "{folder}"))
}

#[test]
fn the_example_with_its_variables_is_accepted() {
    let sidecar = ENV
        .iter()
        .fold(example(), |sidecar, (name, value)| sidecar.env(name, value));
    sidecar
        .check()
        .succeeds()
        .stdout_contains("pg_dump")
        .never_says("poneme_un_token")
        .never_says("super-secreta");
}

#[test]
fn the_example_without_them_names_all_that_are_missing_at_once() {
    example()
        .check()
        .exits(3)
        .stderr_contains("BACKUP_API_TOKEN")
        .stderr_contains("DATABASE_URL")
        .stderr_contains("DATABASE_PASSWORD");
}

#[test]
fn all_errors_are_reported_at_once_with_their_positions() {
    let text = "\
app: {port: 70000}
capabilities: {version: v1, types: [database]}
strategy:
  type: custom
  config: {comand: echo x, capture_stdout: perhaps}
paths: {workdir: /tmp/a, artifact: /tmp/b, temp_dump: /tmp/c}
secrets: {api_token: x}
";
    let sidecar = Sidecar::new().config_text(text);
    for verb in ["check", "backup", "serve"] {
        sidecar
            .run(&[verb])
            .exits(3)
            .stderr_contains("config.yaml:1:13: app.port")
            .stderr_contains("config.yaml:5:12: strategy.config.comand")
            .stderr_contains("did you mean `command`?")
            .stderr_contains("config.yaml:5:44: strategy.config.capture_stdout")
            .stderr_contains("config.yaml:6:26: paths.artifact")
            .stderr_contains("did you mean `artifacts`?");
    }
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn what_a_run_will_do_is_shown_and_no_secret() {
    Sidecar::new()
        .command("pg_dump --dbname=\"${DATABASE_URL}\"")
        .capture()
        .set("strategy.config.env.PGPASSWORD", "${DATABASE_PASSWORD}")
        .env("DATABASE_URL", "postgresql://user:pass@db/app")
        .env("DATABASE_PASSWORD", "super-secret")
        .check()
        .succeeds()
        .stdout_contains("pg_dump --dbname=\"${DATABASE_URL}\"")
        .never_says("super-secret")
        .never_says("user:pass")
        .never_says(TOKEN);
}

#[test]
fn a_missing_file_is_named() {
    let sidecar = Sidecar::new();
    let missing = sidecar.folder().join("nowhere.yaml");
    sidecar
        .env("SIDECAR_CONFIG_PATH", missing.to_str().unwrap())
        .run_without_config(&["check"])
        .exits(3)
        .stderr_contains("nowhere.yaml");
}

#[test]
fn wrong_usage_exits_2() {
    let sidecar = Sidecar::new().command("true");
    sidecar.run(&["bakcup"]).exits(2).stderr_contains("backup");
    sidecar.run(&["backup", "--no-such-option"]).exits(2);
}
