//! The part `globals`: a script for `psql`, in which the facts are one line of JSON in a quoted text that nothing in
//! them can end. A sidecar takes the line alone, and replays it with its own script.

use std::io::Read as _;

use sidecar_sdk::restore::Part;
use sidecar_sdk::{Failure, Result};

use super::facts::Globals;

/// How a script of this form begins; `pg_dumpall` writes another comment.
const HEAD: &str = "-- The globals of a PostgreSQL server, as data (form 2): psql -X -d postgres -f THIS\n\
    SET sidecar.globals = $sidecar_facts$\n";
const TAIL: &str = "\n$sidecar_facts$;\n";

/// Makes the server execute what the facts in `sidecar.globals` say, in one transaction.
pub(super) const REPLAY: &str = include_str!("replay.sql");

/// What a part `globals` holds.
#[derive(Debug)]
pub(super) enum Content {
    /// The facts, and where their line lies.
    Facts { globals: Globals, line: Part },
    /// What `pg_dumpall` wrote for an earlier version.
    Script(String),
}

/// The part's text.
pub(in crate::postgres) fn write(globals: &Globals) -> Result<String> {
    let line = serde_json::to_string(globals)
        .map_err(|error| Failure::new("internal", format!("cannot write the globals: {error}")))?;
    Ok(format!("{HEAD}{}{TAIL}{REPLAY}", unquotable(&line)))
}

/// JSON without a character that could end the quoted text around it, or that a script's reader takes for its own.
pub(super) fn unquotable(json: &str) -> String {
    json.replace('$', "\\u0024")
}

/// Reads a part.
pub(super) fn read(part: &Part) -> Result<Content> {
    let mut bytes = Vec::new();
    part.open().read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| damaged(&"it is not UTF-8"))?;
    let Some(rest) = text.strip_prefix(HEAD) else {
        return Ok(Content::Script(text));
    };
    let (line, _) = rest
        .split_once('\n')
        .ok_or_else(|| damaged(&"it has no end"))?;
    let globals = serde_json::from_str(line).map_err(|error| damaged(&error))?;
    let line = Part {
        name: part.name.clone(),
        offset: part.offset + HEAD.len() as u64,
        length: line.len() as u64,
    };
    Ok(Content::Facts { globals, line })
}

fn damaged(reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "damaged",
        format!("the globals of the backup cannot be read: {reason}"),
    )
}
