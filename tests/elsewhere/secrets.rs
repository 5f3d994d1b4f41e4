//! What belongs to the configured server stays with it.

use serde_json::json;

use super::drilling;
use crate::engines_complete::keeping;
use crate::harness::{MariaDb, Postgres, Sidecar};

/// Where the configuration or the container may say it.
fn with(sidecar: Sidecar, in_container: bool, variables: &[(&str, String)]) -> Sidecar {
    let mut sidecar = sidecar;
    for (name, value) in variables {
        sidecar = match in_container {
            true => sidecar.env(name, value),
            false => sidecar.set(&format!("strategy.config.env.{name}"), value.clone()),
        };
    }
    sidecar
}

#[test]
fn no_variable_leads_a_drill_of_postgres_to_the_server_that_is_backed_up() {
    let (postgres, scratch) = (Postgres::start(), Postgres::start());
    postgres.sql("postgres", "CREATE DATABASE app1");
    postgres.sql("app1", "CREATE TABLE t AS SELECT 1 AS a");
    for in_container in [true, false] {
        let sidecar = keeping("postgres", "postgresql:///");
        let service = sidecar.folder().join("services");
        let text = format!(
            "[prod]\nhost=127.0.0.1\nport={}\nuser=backup\n",
            postgres.port()
        );
        std::fs::write(&service, text).unwrap();
        let variables = [
            ("PGSERVICE", "prod".to_owned()),
            ("PGSERVICEFILE", service.display().to_string()),
            ("PGHOSTADDR", "127.0.0.1".to_owned()),
            ("PGPASSWORD", postgres.password().to_owned()),
            (
                "PGOPTIONS",
                "-c default_transaction_read_only=on".to_owned(),
            ),
        ];
        let sidecar = with(sidecar, in_container, &variables);
        sidecar.backup().succeeds();
        postgres.sql("app1", "INSERT INTO t VALUES (2)");
        let check =
            "test $(psql \"$SIDE_CAR_DRILL_INTO/app1\" -Atc 'SELECT count(*) FROM t') -ge 1";
        let into = scratch.login();
        let sidecar =
            drilling(sidecar, into.trim_end_matches('/')).set("drill.check", json!([check]));
        sidecar
            .run(&["drill"])
            .succeeds()
            .never_says(postgres.password());
        scratch.sql("app1", "SELECT * FROM t");
    }
    assert_eq!(
        postgres.sql("app1", "SELECT count(*) FROM t").stdout.trim(),
        "3"
    );
}

#[test]
fn another_server_gets_no_password_of_the_configured_one() {
    // Both let in a client that has the password: the second one must not be told it.
    let (postgres, mariadb) = (Postgres::start(), MariaDb::start());
    mariadb.sql("", "CREATE DATABASE app; CREATE TABLE app.t (a INT)");
    postgres.sql("postgres", "CREATE TABLE t (a INT)");
    for in_container in [true, false] {
        let variables = [("PGPASSWORD", postgres.password().to_owned())];
        let sidecar = with(
            keeping("postgres", &postgres.url("")),
            in_container,
            &variables,
        );
        sidecar.backup().succeeds();
        let other = Postgres::start();
        sidecar
            .run(&["restore", "latest", "--into", &other.url("")])
            .exits(1)
            .stderr_contains("no password supplied");
        let variables = [("MYSQL_PWD", mariadb.password().to_owned())];
        let sidecar = with(keeping("mariadb", &mariadb.url()), in_container, &variables);
        sidecar.backup().succeeds();
        sidecar
            .run(&["restore", "latest", "--into", &MariaDb::start().url()])
            .exits(1)
            .stderr_contains("using password: NO");
    }
}

#[test]
fn nor_do_commands_that_restore_elsewhere() {
    let tell = "env | grep -cE '^(PG|MYSQL_|REDISCLI_)' > told || :; printf %s \"$SIDE_CAR_RESTORE_INTO\" | cat >aside";
    let sidecar = Sidecar::new()
        .command("echo x")
        .capture()
        .set("strategy.config.restore", tell)
        .set(
            "strategy.config.env",
            json!({"PGPASSWORD": "p", "MYSQL_PWD": "p"}),
        )
        .env("PGSERVICE", "prod")
        .env("REDISCLI_AUTH", "p");
    sidecar.backup().succeeds();
    let told = || std::fs::read_to_string(sidecar.workdir().join("told")).unwrap();
    sidecar.run(&["restore", "latest"]).succeeds();
    assert_eq!(told(), "4\n");
    sidecar
        .run(&["restore", "latest", "--into", "postgresql://other/"])
        .succeeds();
    assert_eq!(told(), "0\n");
}

#[test]
fn every_line_of_a_restore_goes_elsewhere_or_none_does() {
    let sidecar = |lines: serde_json::Value| {
        let sidecar = Sidecar::new()
            .command("echo x")
            .capture()
            .set("strategy.config.restore", lines);
        let scratch = sidecar.folder().join("scratch");
        std::fs::create_dir(&scratch).unwrap();
        std::fs::write(sidecar.workdir().join("precious"), "x").unwrap();
        drilling(sidecar, scratch.to_str().unwrap())
    };
    for lines in [
        json!(["rm precious", "cat > \"$SIDE_CAR_RESTORE_INTO/back\""]),
        json!([
            "rm precious # not in $SIDE_CAR_RESTORE_INTO",
            "cat > \"$SIDE_CAR_RESTORE_INTO/back\""
        ]),
        json!(["# $SIDE_CAR_RESTORE_INTO\nrm precious"]),
        json!(["rm precious; : $SIDE_CAR_RESTORE_INTO_OF_OTHERS"]),
    ] {
        let sidecar = sidecar(lines);
        sidecar
            .check()
            .exits(3)
            .stderr_contains("SIDE_CAR_RESTORE_INTO");
        sidecar.backup().succeeds();
        sidecar
            .run(&["drill"])
            .exits(3)
            .stderr_contains("rm precious");
        assert!(sidecar.workdir().join("precious").exists());
    }
    let good = sidecar(json!([
        "mkdir -p \"${SIDE_CAR_RESTORE_INTO:-.}/deep\"",
        "cat > \"${SIDE_CAR_RESTORE_INTO:-.}/deep/back\" # the rows",
    ]));
    good.check().succeeds();
    good.backup().succeeds();
    good.run(&["drill"]).succeeds();
}

#[test]
fn a_drill_of_commands_does_not_go_to_the_address_of_the_backup() {
    let address = "postgresql://production/";
    let sidecar = Sidecar::new()
        .command("echo \"$DATABASE_URL\"")
        .capture()
        .set("strategy.config.env.DATABASE_URL", address)
        .set(
            "strategy.config.restore",
            "cat > \"$SIDE_CAR_RESTORE_INTO/back\"",
        );
    sidecar.backup().succeeds();
    let sidecar = drilling(sidecar, address.trim_end_matches('/'));
    let words = "the address that strategy.config has for the backup";
    sidecar.check().exits(3).stderr_contains(words);
    sidecar.run(&["drill"]).exits(3).stderr_contains(words);
    assert!(!sidecar.workdir().join("back").exists());
}
