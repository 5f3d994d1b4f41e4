//! A registry of our own: Debian's `docker-registry`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Daemon, sh};

/// A registry on loopback; what it holds goes away with it.
pub(crate) struct Registry {
    // Dropped in this order: first the server, then its folder.
    _daemon: Daemon,
    folder: TempDir,
    /// "localhost:PORT", as references name it.
    pub(crate) host: String,
}

impl Registry {
    /// One that anybody may read and write.
    pub(crate) fn start() -> Self {
        Self::start_with(|_, _| ())
    }

    /// One that only this account may read and write.
    pub(crate) fn private(username: &str, password: &str) -> Self {
        Self::start_with(|config, folder| {
            let path = folder.join("htpasswd");
            sh(&format!(
                "htpasswd -Bbc '{}' {username} {password}",
                path.display()
            ))
            .succeeds();
            config["auth"] = json!({"htpasswd": {"realm": "spec", "path": path}});
        })
    }

    /// One behind a certificate and its key, PEM files.
    pub(crate) fn secure(certificate: &str, key: &str) -> Self {
        Self::start_with(|config, _| {
            config["http"]["tls"] = json!({"certificate": certificate, "key": key});
        })
    }

    fn start_with(adapt: impl FnOnce(&mut Value, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = json!({
            "version": 0.1,
            "log": {"accesslog": {"disabled": true}},
            "storage": {"filesystem": {"rootdirectory": folder.path()}},
            "http": {"addr": "127.0.0.1:0"},
        });
        adapt(&mut config, folder.path());
        let file = folder.path().join("config.yml");
        std::fs::write(&file, config.to_string()).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(file);
        let mut daemon = Daemon::start(command);
        let port = daemon.await_line(|line| {
            let (_, rest) = line.split_once("listening on 127.0.0.1:")?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            Some(digits)
        });
        Self {
            _daemon: daemon,
            folder,
            host: format!("localhost:{port}"),
        }
    }

    /// The manifest of `name:tag`, as any client gets it.
    pub(crate) fn manifest(&self, name: &str, tag: &str) -> Value {
        let url = format!("http://{}/v2/{name}/manifests/{tag}", self.host);
        let accept = ("Accept", "application/vnd.oci.image.manifest.v1+json");
        let answer = Answer::ask("GET", &url, &[accept]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// What has this digest ("sha256:…").
    pub(crate) fn blob(&self, name: &str, digest: &str) -> Vec<u8> {
        let url = format!("http://{}/v2/{name}/blobs/{digest}", self.host);
        let answer = Answer::get(&url, None);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Where the registry keeps it on its disk.
    pub(crate) fn file(&self, digest: &str) -> PathBuf {
        let hex = digest.trim_start_matches("sha256:");
        let blobs = self.folder.path().join("docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }
}
