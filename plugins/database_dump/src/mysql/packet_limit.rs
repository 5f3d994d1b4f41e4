//! The longest statement that a server takes. In a dump a row may be twice as long as it was in the
//! statement that inserted it: the limit is raised while a dump is loaded, where the account may do that.

use sidecar_sdk::{Result, log};

use super::server::MysqlServer;

/// As long as it can be.
const MAXIMUM: u64 = 1 << 30;

/// Runs `load` with the limit raised; afterwards it is what it was.
pub(super) fn raised<T>(server: &MysqlServer, load: impl FnOnce() -> T) -> Result<T> {
    let limit: u64 =
        server.query_json("SELECT @@GLOBAL.max_allowed_packet", "max_allowed_packet")?;
    if limit >= MAXIMUM {
        return Ok(load());
    }
    let grants = server.grants()?;
    if !grants.everywhere("SUPER") && !grants.everywhere("SYSTEM_VARIABLES_ADMIN") {
        log::info(&format!(
            "the account may not raise max_allowed_packet: a row that is longer than {limit} bytes in the dump will be refused"
        ));
        return Ok(load());
    }
    set(server, MAXIMUM)?;
    let loaded = load();
    if let Err(failure) = set(server, limit) {
        log::warn(&format!(
            "max_allowed_packet could not be set back to {limit}: {}",
            failure.message
        ));
    }
    Ok(loaded)
}

fn set(server: &MysqlServer, limit: u64) -> Result<()> {
    server.execute(&format!("SET GLOBAL max_allowed_packet = {limit}"))
}
