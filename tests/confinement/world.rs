//! A module from elsewhere, its commands, and what they must not get at.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::harness::{Sidecar, component, repository, skip};

/// What stands in every file that was not granted. Every user may read them: only the kernel's rules keep one from it.
pub(super) const SECRET: &str = "what no module may see";
/// In the sidecar's own environment.
pub(super) const TOKEN: &str = "token-of-the-environment";

/// ```text
/// secret/file                      not granted
/// granted/file  link               link leads to secret/file
/// work/dump.sh                     executable: the module may write into it
/// ```
pub(super) struct World {
    pub(super) sidecar: Sidecar,
    listener: TcpListener,
}

impl World {
    /// With commands, and what else is planned and allowed.
    pub(super) fn new(commands: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let sidecar = Sidecar::new()
            .strategy("prober")
            .set(
                "modules.prober.source",
                component("prober").to_str().unwrap(),
            )
            .set("secrets.api_token", "${API_TOKEN}")
            .env("API_TOKEN", TOKEN);
        let folder = sidecar.folder().to_owned();
        for name in ["secret", "granted"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        fs::write(folder.join("secret/file"), SECRET).unwrap();
        fs::write(folder.join("granted/file"), "granted").unwrap();
        symlink("../secret/file", folder.join("granted/link")).unwrap();
        let script = folder.join("work/dump.sh");
        fs::write(&script, "").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o777)).unwrap();
        let granted = folder.join("granted");
        let sidecar = sidecar
            .set("strategy.config.commands", json!(commands))
            .set("strategy.config.read", json!([granted]))
            .set("modules.prober.allow.commands", json!(commands))
            .set("modules.prober.allow.read", json!([granted]));
        Self { sidecar, listener }
    }

    pub(super) fn set(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.sidecar = self.sidecar.set(key, value);
        self
    }

    /// As this user, whose the granted files are.
    pub(super) fn user(mut self, id: Option<u32>) -> Self {
        let Some(id) = id else { return self };
        for name in ["granted", "granted/file", "work/dump.sh"] {
            std::os::unix::fs::chown(self.sidecar.folder().join(name), Some(id), Some(id)).unwrap();
        }
        self.sidecar = self.sidecar.user(id);
        self
    }

    /// Where a server listens that was not granted.
    pub(super) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// What each command has printed, by its number.
    pub(super) fn printed(&self) -> BTreeMap<usize, String> {
        self.sidecar.backup().succeeds();
        let artifact = String::from_utf8(self.sidecar.artifact().unwrap()).unwrap();
        let sections = artifact.split('#').skip(1).map(|section| {
            let (number, text) = section.split_once('\n').unwrap();
            (number.parse().unwrap(), text.trim().to_owned())
        });
        sections.collect()
    }

    /// Nothing outside was touched.
    #[track_caller]
    pub(super) fn is_unharmed(&self) {
        let contents = |name: &str| fs::read_to_string(self.sidecar.folder().join(name)).unwrap();
        assert_eq!(contents("secret/file"), SECRET);
        assert_eq!(contents("granted/file"), "granted");
        assert!(self.listener.accept().is_err(), "a connection was made");
        assert!(self.sidecar.processes().is_empty(), "a process is left");
    }
}

/// A path in the world, and calls of the system from Python, in a line.
pub(super) fn filled(line: &str, world: &Path, port: u16) -> String {
    line.replace(
        "{c}",
        "import ctypes; c = ctypes.CDLL(None, use_errno=True)",
    )
    .replace("{errno}", "print(ctypes.get_errno())")
    .replace("{folder}", world.to_str().unwrap())
    .replace("{port}", &port.to_string())
}

/// Whether this kernel confines; skips `test` if not.
pub(super) fn kernel_confines(test: &str) -> bool {
    // The version of the interface, or an error.
    let asked = Command::new("/usr/bin/python3")
        .args([
            "-c",
            "import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))",
        ])
        .output();
    let version = asked.ok().and_then(|asked| {
        String::from_utf8_lossy(&asked.stdout)
            .trim()
            .parse::<i32>()
            .ok()
    });
    match version {
        Some(version) if version >= 6 => true,
        version => {
            skip(
                test,
                &format!("the kernel's Landlock is {version:?}, and 6 is needed"),
            );
            false
        }
    }
}

/// A program that takes Landlock away from what it starts: `without_landlock.py PROGRAM ARGUMENTS`.
pub(super) fn without_landlock() -> PathBuf {
    repository().join("tests/clients/without_landlock.py")
}
