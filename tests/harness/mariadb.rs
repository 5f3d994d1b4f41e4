//! A MariaDB server of our own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{Daemon, Finished, free_port, sh};

const PASSWORD: &str = "s3cr3t";

/// A server on a loopback port; its data go away with it.
pub(crate) struct MariaDb {
    // Dropped in this order: first the server, then its folder.
    daemon: Daemon,
    folder: TempDir,
    port: u16,
}

impl MariaDb {
    /// Makes a data folder and starts a server on it, with temporary files of its own: a server that starts
    /// removes those that it finds.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sidecar-mariadb-")
            .tempdir()
            .unwrap();
        let data = folder.path().join("data");
        sh(&format!(
            "chown -R mysql '{folder}'; chmod 755 '{folder}'; mariadb-install-db --no-defaults --user=mysql \
             --datadir='{}' --tmpdir='{folder}' --auth-root-authentication-method=normal --skip-test-db",
            data.display(),
            folder = folder.path().display(),
        ))
        .succeeds();
        let (daemon, port) = serve(&data, folder.path(), None);
        let server = Self {
            daemon,
            folder,
            port,
        };
        let root = format!(
            "mariadb --no-defaults -uroot --socket='{}'",
            server.socket()
        );
        let grant = format!(
            "CREATE USER backup@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO backup@'%' WITH GRANT OPTION; \
             GRANT PROXY ON ''@'%' TO backup@'%' WITH GRANT OPTION"
        );
        sh(&format!("{root} -e \"{grant}\"")).succeeds();
        server
    }

    pub(crate) fn socket(&self) -> String {
        self.folder.path().join("socket").display().to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// Waits until the killed server is gone, and starts it again on the same data and port.
    pub(crate) fn start_again(&mut self) {
        self.daemon.end_with(Signal::KILL);
        let data = self.folder.path().join("data");
        (self.daemon, self.port) = serve(&data, self.folder.path(), Some(self.port));
    }

    /// Without the password.
    pub(crate) fn url(&self) -> String {
        format!("mysql://backup@127.0.0.1:{}/", self.port)
    }

    /// Where the sidecar has no variable with the password.
    pub(crate) fn login(&self) -> String {
        self.url()
            .replace("backup@", &format!("backup:{PASSWORD}@"))
    }

    /// The folder with the server's files.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// For `MYSQL_PWD`.
    pub(crate) fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Runs a script. `database` may be empty.
    pub(crate) fn sql(&self, database: &str, script: &str) -> Finished {
        let file = self.folder.path().join("script.sql");
        std::fs::write(&file, script).unwrap();
        self.load(database, &file)
    }

    /// Runs a script as another user, in one session whose client has no commands of its own.
    pub(crate) fn sql_as(&self, user: &str, password: &str, database: &str, script: &str) {
        let file = self.folder.path().join("script.sql");
        std::fs::write(&file, script).unwrap();
        sh(&format!(
            "MYSQL_PWD={password} mariadb --no-defaults --binary-mode --default-character-set=utf8mb4 -u{user} \
             -h127.0.0.1 -P{} {database} <'{}'",
            self.port,
            file.display(),
        ))
        .succeeds();
    }

    /// Runs the script in `file`.
    pub(crate) fn load(&self, database: &str, file: &Path) -> Finished {
        let database = match database.replace('\'', r"'\''") {
            none if none.is_empty() => String::new(),
            some => format!("--database='{some}'"),
        };
        sh(&format!(
            "MYSQL_PWD={PASSWORD} mariadb --no-defaults -N --default-character-set=utf8mb4 -ubackup -h127.0.0.1 -P{} {database} <'{}'",
            self.port,
            file.display(),
        ))
        .succeeds()
    }

    /// Who has an account, and what for.
    pub(crate) fn users(&self) -> String {
        sh(&format!(
            "MYSQL_PWD={PASSWORD} mariadb-dump --no-defaults --system=users -ubackup -h127.0.0.1 -P{} | grep -v '^--' | sort -u",
            self.port
        ))
        .succeeds()
        .stdout
    }

    /// Every table's and view's definition and rows; routines and triggers.
    pub(crate) fn contents(&self, database: &str) -> BTreeMap<String, String> {
        let mut contents = BTreeMap::new();
        for table in self.sql(database, "SHOW TABLES").stdout.lines() {
            let quoted = table.replace('`', "``");
            let all = format!("SHOW CREATE TABLE `{quoted}`; SELECT * FROM `{quoted}` ORDER BY 1");
            contents.insert(table.to_owned(), self.sql(database, &all).stdout);
        }
        let code = "SELECT routine_name, routine_definition FROM information_schema.routines \
             WHERE routine_schema = DATABASE() ORDER BY 1; \
             SELECT trigger_name, action_statement FROM information_schema.triggers \
             WHERE trigger_schema = DATABASE() ORDER BY 1";
        contents.insert("code".to_owned(), self.sql(database, code).stdout);
        contents
    }
}

/// Starts the server. A free port may be taken between finding and using it: then another one.
fn serve(data: &Path, folder: &Path, port: Option<u16>) -> (Daemon, u16) {
    for _ in 0..5 {
        let port = port.unwrap_or_else(free_port);
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=mysql",
            "--regid=mysql",
            "--init-groups",
            "--pdeathsig=TERM",
        ]);
        command.args(["/usr/sbin/mariadbd", "--no-defaults"]);
        command.arg(format!("--datadir={}", data.display()));
        command.arg(format!("--tmpdir={}", folder.display()));
        command.arg(format!("--socket={}", folder.join("socket").display()));
        command.arg(format!("--pid-file={}", folder.join("pid").display()));
        command.args(["--bind-address=127.0.0.1,::1", &format!("--port={port}")]);
        command.args([
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
        ]);
        let mut daemon = Daemon::start(command);
        if daemon
            .next_line(|line| line.contains("ready for connections").then_some(()))
            .is_some()
        {
            return (daemon, port);
        }
        assert!(daemon.log().contains("already in use"), "{}", daemon.log());
    }
    panic!("no free port for MariaDB");
}
