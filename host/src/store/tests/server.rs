//! A real S3 server on loopback: `moto_server`, which `tests/setup` installs.
//!
//! It knows multipart uploads with their list, copies, ranges and conditional writes. It looks at no
//! signature unless it is told to, and keeps everything in memory. The specification in `tests/` uses it too.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) struct S3Server {
    child: Child,
    pub(crate) url: String,
}

impl S3Server {
    /// Starts it with a bucket called `backups`.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let program = program();
        let mut child = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .args(arguments)
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; tests/setup installs it"));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()))
            .unwrap_or_else(|| panic!("{program} did not start"));
        // It logs every request, and waits when its log is not read.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    pub(crate) fn with_bucket(arguments: &[&str]) -> Self {
        let server = Self::start(arguments);
        server.create_bucket();
        server
    }

    fn create_bucket(&self) {
        let url = format!("{}/backups", self.url);
        ureq::put(url).send_empty().unwrap();
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What `tests/setup` installed, or the one that `SIDECAR_TEST_S3` names.
fn program() -> String {
    let installed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/moto/bin/moto_server"
    );
    match std::env::var("SIDECAR_TEST_S3") {
        Ok(program) => program,
        Err(_) if std::path::Path::new(installed).exists() => installed.to_owned(),
        Err(_) => "moto_server".to_owned(),
    }
}
