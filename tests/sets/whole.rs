//! An application that writes to a server, to files and to a database file until it is told to hold still.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::with_store;
use crate::harness::{Daemon, Postgres, Sidecar, sh, within};

/// Files that are there before the application begins.
const FILES: usize = 20_000;

/// Writes the same number everywhere, over and over, unless it is in maintenance, and says when it holds still.
const APPLICATION: &str = r#"
i=0
while :; do
    if [ -e maintenance ]; then touch quiet; sleep 0.05; continue; fi
    rm -f quiet
    i=$((i + 1))
    psql -Xqd app -c "INSERT INTO events VALUES ($i)"
    echo $i > "data/live $i"
    sqlite3 app.sqlite "INSERT INTO events VALUES ($i)"
    [ $i = 1 ] && echo writing
done
"#;

/// What all three hold.
const STATE: &str = "psql -XqAtd app -c 'SELECT count(*), sum(n) FROM events'; \
    sqlite3 app.sqlite .dump; \
    (cd data && find . -type f -print0 | sort -z | xargs -0 sha256sum -z | sha256sum)";

fn with_odd_names(folder: &Path) {
    for number in 0..FILES {
        let folder = folder.join(format!("{} $x;'\"", number % 40));
        if number < 40 {
            fs::create_dir_all(&folder).unwrap();
        }
        let name = match number % 5 {
            0 => format!("-rf {number}\n"),
            1 => format!("ñ 日本 {number} *?"),
            2 => format!("{number}\u{1b}[31m"),
            3 => format!("{}{number}", "long".repeat(50)),
            _ => format!("{number}"),
        };
        fs::write(folder.join(name), number.to_string()).unwrap();
    }
    let raw = std::ffi::OsStr::from_bytes(b"no \xff text");
    fs::write(folder.join(raw), "raw").unwrap();
}

#[test]
fn a_whole_application_comes_back_as_it_was_while_it_held_still() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql("app", "CREATE TABLE events (n int)");
    let sidecar = with_store(Sidecar::new());
    let work = sidecar.workdir();
    fs::create_dir(work.join("data")).unwrap();
    with_odd_names(&work.join("data"));
    let login = format!(
        "export PGHOST=127.0.0.1 PGPORT={} PGUSER=backup PGPASSWORD=\"$DATABASE_PASSWORD\"",
        postgres.port()
    );
    let here = |line: &str| {
        let set = format!(
            "cd '{}'; export DATABASE_PASSWORD=\"{}\"; {login}; {line}",
            work.display(),
            postgres.password()
        );
        sh(&set)
    };
    here("sqlite3 app.sqlite 'CREATE TABLE events (n int)'").succeeds();

    let sidecar = sidecar
        .strategies(json!({
            "db": {"type": "postgres", "config": {
                "engine": "postgres", "url": "${DATABASE_URL}", "databases": ["app"],
                "env": {"PGPASSWORD": "${DATABASE_PASSWORD}"},
            }},
            "data": {"type": "filesystem", "config": {"paths": ["data"]}},
            "lite": {"type": "database_dump", "config": {
                "engine": "sqlite", "url": format!("sqlite://{}", work.join("app.sqlite").display()),
            }},
        }))
        .set("set.quiesce.before", format!(
            "touch maintenance; until [ -e quiet ]; do sleep 0.02; done; {login}; ({STATE}) > before"
        ))
        .set("set.quiesce.after", format!(
            "{login}; ({STATE}) > after; rm -f maintenance"
        ))
        .env("DATABASE_URL", &postgres.url(""))
        .env("DATABASE_PASSWORD", postgres.password());

    let mut command = std::process::Command::new("bash");
    command.args(["-c", APPLICATION]).current_dir(&work);
    command
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", postgres.port().to_string())
        .env("PGUSER", "backup")
        .env("PGPASSWORD", postgres.password());
    let mut writer = Daemon::start(command);
    writer.await_line(|line| line.contains("writing").then_some(()));
    sidecar.backup().succeeds();
    // It writes on.
    let rows = || {
        here("psql -XqAtd app -c 'SELECT count(*) FROM events'")
            .succeeds()
            .stdout
    };
    let backed_up = rows();
    within(Duration::from_secs(30), "the application writes on", || {
        (rows() != backed_up).then_some(())
    });
    drop(writer);

    let [before, after] =
        ["before", "after"].map(|file| fs::read_to_string(work.join(file)).unwrap());
    assert_eq!(before, after, "nothing was written in between");
    postgres.sql("postgres", "DROP DATABASE app WITH (FORCE)");
    fs::remove_dir_all(work.join("data")).unwrap();
    fs::remove_file(work.join("app.sqlite")).unwrap();

    sidecar
        .run(&["restore", "latest", "--set"])
        .succeeds()
        .never_says(postgres.password());
    assert_eq!(here(STATE).succeeds().stdout, before);
}
