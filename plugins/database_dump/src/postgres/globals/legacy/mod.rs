//! What `pg_dumpall` wrote for earlier versions, read as facts. Nothing of it is executed: a statement that is not one of
//! those that `pg_dumpall` writes is refused.

mod statements;
mod tokens;

use sidecar_sdk::{Failure, Result};

use super::facts::Globals;

/// Reads the script.
pub(super) fn read(script: &str) -> Result<Globals> {
    let mut globals = Globals::default();
    for statement in tokens::statements(script).map_err(|text| unknown(&text))? {
        statements::apply(&mut globals, &statement)
            .ok_or_else(|| unknown(&tokens::shown(&statement)))?;
    }
    Ok(globals)
}

fn unknown(statement: &str) -> Failure {
    const SHOWN: usize = 120;
    let shown: String = statement.chars().take(SHOWN).collect();
    Failure::new(
        "unknown-statement",
        format!(
            "the globals of this backup are a script of an earlier version, with a statement that pg_dumpall does not write: {shown}"
        ),
    )
    .hint("none of it was executed; look at it (sidecar fetch ID --only globals -o FILE), and create the roles by hand")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
