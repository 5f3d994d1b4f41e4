//! A PostgreSQL server of our own, which asks for a password.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Daemon, Finished, free_port, sh};

/// The only way in.
const PASSWORD: &str = "s3cr3t with 'quotes' & spaces";

/// A server on a loopback port; its data go away with it.
pub(crate) struct Postgres {
    // Dropped in this order: first the server, then its folder.
    _daemon: Daemon,
    folder: TempDir,
    port: u16,
}

impl Postgres {
    /// Makes a cluster in a temporary folder and starts it.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sidecar-postgres-")
            .tempdir()
            .unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let data = folder.path().join("data");
        sh(&format!("chown -R postgres '{}'", folder.path().display())).succeeds();
        let mut initdb = as_postgres("initdb");
        initdb
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(&data);
        initdb.args([
            "--username=backup",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
        ]);
        initdb.args(["--locale=C.UTF-8", "--no-sync"]);
        super::Running::start(initdb).finish().succeeds();
        let (daemon, port) = serve(&data);
        Self {
            _daemon: daemon,
            folder,
            port,
        }
    }

    /// For `DATABASE_URL`: without the password, as in the seed's example.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://backup@127.0.0.1:{}/{database}", self.port)
    }

    /// For `PGPASSWORD`.
    pub(crate) fn password(&self) -> &'static str {
        PASSWORD
    }

    /// A PostgreSQL client program, connected.
    pub(crate) fn client(&self, line: &str) -> Finished {
        let passfile = self.folder.path().join("pgpass");
        let escaped = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
        std::fs::write(&passfile, format!("*:*:*:*:{escaped}\n")).unwrap();
        sh(&format!(
            "chmod 600 '{pass}'; export PGPASSFILE='{pass}' PGHOST=127.0.0.1 PGPORT={} PGUSER=backup; {line}",
            self.port,
            pass = passfile.display(),
        ))
        .succeeds()
    }

    /// Runs a script.
    pub(crate) fn sql(&self, database: &str, script: &str) -> Finished {
        let file = self.folder.path().join("script.sql");
        std::fs::write(&file, script).unwrap();
        let options = "--no-psqlrc --quiet --tuples-only --no-align -v ON_ERROR_STOP=1";
        self.client(&format!(
            "psql {options} -d {database} -f '{}'",
            file.display()
        ))
    }

    /// Every table's rows in the order of their text, by the table's name; sequences with their
    /// state, large objects with their bytes.
    pub(crate) fn contents(&self, database: &str) -> BTreeMap<String, String> {
        const TABLES: &str = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables \
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
        let mut contents = BTreeMap::new();
        for table in self.sql(database, TABLES).stdout.lines() {
            let rows = format!("SELECT t::text FROM {table} t ORDER BY 1");
            contents.insert(table.to_owned(), self.sql(database, &rows).stdout);
        }
        for (name, rows) in [
            (
                "sequences",
                "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2",
            ),
            (
                "large objects",
                "SELECT oid, lo_get(oid) FROM pg_largeobject_metadata ORDER BY 1",
            ),
        ] {
            contents.insert(name.to_owned(), self.sql(database, rows).stdout);
        }
        contents
    }

    /// What `pg_dumpall` says: roles, databases, rows.
    pub(crate) fn everything(&self) -> String {
        self.client("pg_dumpall | grep -v '^.\\(un\\)\\?restrict'")
            .stdout
    }

    /// Makes the salt of our own role's password that of `other`'s, so that both can be compared.
    pub(crate) fn adopt_password_of(&self, other: &Self) {
        let hash = other
            .sql(
                "postgres",
                "SELECT rolpassword FROM pg_authid WHERE rolname = 'backup'",
            )
            .stdout;
        self.sql(
            "postgres",
            &format!("ALTER ROLE backup PASSWORD '{}'", hash.trim()),
        );
    }

    /// What `pg_dump` says of everything but the rows. (`\restrict` has a new key each time.)
    pub(crate) fn schema(&self, database: &str) -> String {
        self.client(&format!(
            "pg_dump --schema-only -d {database} | grep -v '^.\\(un\\)\\?restrict'"
        ))
        .stdout
    }
}

/// Starts the server. The port may be taken between finding and using it: then another one.
fn serve(data: &Path) -> (Daemon, u16) {
    for _ in 0..5 {
        let port = free_port();
        let mut command = as_postgres("postgres");
        command
            .arg("-D")
            .arg(data)
            .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""]);
        command.args([
            "-c",
            "fsync=off",
            "-c",
            "logging_collector=off",
            "-c",
            "log_destination=stderr",
        ]);
        let mut daemon = Daemon::start(command);
        if daemon
            .next_line(|line| line.contains("ready to accept connections").then_some(()))
            .is_some()
        {
            return (daemon, port);
        }
        assert!(daemon.log().contains("could not bind"), "{}", daemon.log());
    }
    panic!("no free port for PostgreSQL");
}

/// A program of the server, as the user that it insists on. Dies with the test.
fn as_postgres(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid=postgres",
        "--regid=postgres",
        "--init-groups",
        "--pdeathsig=INT",
    ]);
    command.arg(binaries().join(program)).current_dir("/");
    command
}

/// Where Debian keeps the server's programs: of the newest version.
fn binaries() -> PathBuf {
    let installed = glob::glob("/usr/lib/postgresql/*/bin").unwrap().flatten();
    installed
        .max()
        .expect("a PostgreSQL server: tests/setup installs it")
}
