//! What a sidecar does for one configuration, from its first check to its last export.

use std::fs;

use crate::harness::{Answer, Clock, Finished, S3, Server, Sidecar, sh};

use super::differences::Differences;
use super::transcript::Transcript;
use super::{RECORD, fixtures};

/// A configuration that is lived through.
pub(super) struct Story<'a> {
    name: &'a str,
    sidecar: &'a Sidecar,
    clock: &'a Clock,
    s3: Option<&'a S3>,
    transcript: Transcript,
    /// What is hidden of the transcript.
    rules: Vec<&'static str>,
}

impl<'a> Story<'a> {
    pub(super) fn of(name: &'a str, sidecar: &'a Sidecar, clock: &'a Clock) -> Self {
        Self {
            name,
            sidecar,
            clock,
            s3: None,
            transcript: Transcript::default(),
            rules: vec!["normal.sed"],
        }
    }

    /// Its store is a bucket.
    pub(super) fn with_bucket(mut self, s3: &'a S3) -> Self {
        self.s3 = Some(s3);
        self
    }

    /// Its commands are those of an engine.
    pub(super) fn with_engine(mut self) -> Self {
        self.rules.push("engine.sed");
        self
    }

    /// How large a backup is depends on the server and its clients.
    pub(super) fn with_sizes_of_the_machine(mut self) -> Self {
        self.rules.push("sizes.sed");
        self
    }

    /// Has it all happen, and compares it with what came of it before, or records that.
    pub(super) fn told(mut self) {
        self.nights();
        self.backups();
        self.files();
        self.serves();
        self.a_failed_night();
        let file = fixtures().join(format!("{}.before", self.name));
        let folder = self.sidecar.folder().to_str().unwrap();
        let now = self
            .transcript
            .without(&self.rules)
            .replace(folder, "<folder>");
        match std::env::var_os(RECORD) {
            Some(_) => fs::write(file, now).unwrap(),
            None => {
                let before = fs::read_to_string(file).unwrap();
                Differences::of(self.name).explain(&before, &now);
            }
        }
    }

    fn run(&mut self, arguments: &[&str]) -> Finished {
        let done = self.sidecar.run(arguments);
        self.transcript.finished(&arguments.join(" "), &done);
        done
    }

    /// Two nights, between which a month ends.
    fn nights(&mut self) {
        self.run(&["check", "--offline"]);
        self.run(&["check", "--json"]);
        self.run(&["backup", "--json"]);
        self.clock.set("2024-02-01T03:00:00Z");
        self.run(&["backup"]);
    }

    fn backups(&mut self) {
        for arguments in [
            &["list"][..],
            &["list", "--json"],
            &["verify", "--all"],
            &["verify", "latest", "--json"],
            &["prune", "--dry-run"],
            &["runs"],
            &["runs", "--json"],
            &["restore", "latest", "--dry-run"],
            &["drill"],
        ] {
            self.run(arguments);
        }
        let fetched = self.sidecar.folder().join("fetched");
        self.run(&["fetch", "latest", "-o", fetched.to_str().unwrap()]);
        self.transcript
            .bytes("fetched", &fs::read(fetched).unwrap_or_default());
    }

    /// What lies in the folders and the stores: names, and what the manifests say.
    fn files(&mut self) {
        let listed = sh(&format!(
            "cd '{}' && find lib -type f -printf '%m %p\\n' | LC_ALL=C sort -k2",
            self.sidecar.folder().display()
        ));
        self.transcript.text_of("files", &listed.stdout);
        for line in listed.stdout.lines() {
            let (_, path) = line.split_once(' ').unwrap();
            if path.ends_with(".json") {
                let bytes = fs::read(self.sidecar.folder().join(path)).unwrap();
                self.transcript.document(path, &bytes);
            }
        }
        let Some(s3) = self.s3 else { return };
        let keys = s3.all_keys();
        self.transcript.text_of("bucket", &keys.join("\n"));
        for key in keys.iter().filter(|key| key.ends_with(".json")) {
            self.transcript.document(key, &s3.object(key));
        }
    }

    fn serves(&mut self) {
        self.clock.set("2024-02-01T12:00:00Z");
        let server = self.sidecar.serve();
        self.asked(&server, "GET", "/backup/capabilities");
        self.asked(&server, "POST", "/backup/export?drive_folder_id=folder-1");
        self.asked(&server, "GET", "/backup/jobs");
        self.asked(&server, "GET", "/backup/jobs/none");
        self.asked(&server, "GET", "/metrics");
        let refused = Answer::get(&format!("{}/backup/capabilities", server.url), None);
        self.transcript.answer("without a token", &refused);
    }

    fn asked(&mut self, server: &Server, method: &str, path: &str) {
        let answer = server.ask(method, path, &[]);
        self.transcript.answer(&format!("{method} {path}"), &answer);
    }

    /// The server of what is backed up is away, or what is backed up is.
    fn a_failed_night(&mut self) {
        self.clock.set("2024-02-02T03:00:00Z");
        let workdir = self.sidecar.folder().join("lib/workdir");
        fs::write(workdir.join("refuse"), "").unwrap();
        for gone in ["uploads", "media", "app.db", "../../wit"] {
            let path = workdir.join(gone);
            let _ = fs::rename(&path, path.with_extension("away"));
        }
        self.run(&["backup"]);
        self.run(&["list"]);
    }
}
