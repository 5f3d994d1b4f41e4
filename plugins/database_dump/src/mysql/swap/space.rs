//! Room for the new database beside the old one. A server may end itself when its disk is full.

use sidecar_sdk::{Failure, Result, log};

use crate::mysql::server::MysqlServer;

/// Says how much room is needed, and fails where the server can measure (plugin `disks`) that there is far too little: a row
/// may be twice as long in a dump as on the disk.
pub(in crate::mysql) fn require_space(
    server: &MysqlServer,
    target: &str,
    dump_length: u64,
) -> Result<()> {
    let shown = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
    log::info(&format!(
        "{target} is built beside: until the end the server needs room for about {} more",
        shown(dump_length)
    ));
    let free = server.query_json::<Option<u64>>(
        "SELECT IFNULL((SELECT Available * 1024 FROM information_schema.DISKS WHERE LEFT(@@datadir, LENGTH(Path)) = Path \
         ORDER BY LENGTH(Path) DESC LIMIT 1), 'null')",
        "its disks",
    );
    match free {
        Ok(Some(free)) if free < dump_length / 2 => Err(Failure::new(
            "no-space",
            format!(
                "{target} would be built beside, which needs about {}, and the server has {} left",
                shown(dump_length),
                shown(free)
            ),
        )
        .hint("make room where the server's data are, or restore into another server with --into")),
        _ => Ok(()),
    }
}
