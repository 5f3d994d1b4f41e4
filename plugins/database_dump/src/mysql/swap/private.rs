//! Who else may write where a swap keeps its definitions: they are executed with the rights of the account that restores.

use sidecar_sdk::{Failure, Result, choices};

use super::names::SwapNames;
use crate::mysql::server::MysqlServer;
use crate::mysql::sql::text;

/// Accepts that others may.
const WORD: &str = "shared-names";

/// Fails if another account, or a role, has a right to write into the databases of a swap by a pattern of names. One with
/// such a right on all databases can write into `mysql` too. An account that may not read `mysql` has few rights to lose.
pub(in crate::mysql) fn require_private(server: &MysqlServer, names: &SwapNames) -> Result<()> {
    let others = server.query_lines::<String>(
        &format!(
            "SELECT DISTINCT JSON_QUOTE(CONCAT(User, IF(Host = '', '', CONCAT('@', Host)))) FROM mysql.db WHERE ({} LIKE Db OR {} LIKE Db) \
             AND 'mysql' NOT LIKE Db AND 'Y' IN (Insert_priv, Update_priv) AND CONCAT(User, '@', Host) <> CURRENT_USER()",
            text(&names.old_database()),
            text(&names.new_database())
        ),
        "its users",
    );
    let others = others.unwrap_or_default();
    if others.is_empty() || choices::accepted(WORD) {
        return Ok(());
    }
    let others = others.join(", ");
    Err(Failure::new(
        "shared-names",
        format!("what a restore keeps in {} is executed with your rights, and {others} may write there", names.old_database()),
    )
    .hint(format!(
        "restore as that account, or REVOKE its rights on databases called `sidecar\\_%`, or trust it: --accept {WORD}"
    )))
}
