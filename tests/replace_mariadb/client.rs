//! The client of MariaDB, as a script of the test's own.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::Sidecar;

/// A sidecar that finds its client of MariaDB where [`client`] puts one.
pub(super) fn with_client(sidecar: Sidecar) -> Sidecar {
    std::fs::create_dir(sidecar.folder().join("bin")).unwrap();
    let path = format!(
        "{}:{}",
        sidecar.folder().join("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let sidecar = sidecar.env("PATH", &path);
    client(&sidecar, REAL);
    sidecar
}

/// Replaces its client by a script; `"$REAL"` is the real one, `SIDE_CAR_SQL` what it is told, and
/// `SIDE_CAR_BEFORE` is there when it loads.
pub(super) fn client(sidecar: &Sidecar, script: &str) {
    let file = sidecar.folder().join("bin/mariadb");
    std::fs::write(
        &file,
        format!("#!/bin/sh\nREAL=/usr/bin/mariadb\n{script}\n"),
    )
    .unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

pub(super) const REAL: &str = "exec \"$REAL\" \"$@\"";

/// Kills the sidecar that has started the script, and waits for its own end.
pub(super) const KILL: &str = r#"kill_sidecar() {
  p=$$; while [ "$(cat /proc/$p/comm)" != sidecar ]; do p=$(sed 's/.*) . \([0-9]*\) .*/\1/' /proc/$p/stat); done
  kill -9 $p; sleep 60
}"#;
