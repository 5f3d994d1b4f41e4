//! What a drill has made on a server: each of its databases has a key that says by which drill, and how many keys there
//! were. It is set in the moment in which the database gets its place, and looked for again in that moment of the next
//! drill (`swap.lua`). A database that was emptied and filled anew has none, one that was added to has more keys.

use sidecar_sdk::{Failure, Result};

use super::command_lines::DRILLED;
use crate::client::Client;

/// What no drill has made, for the operator.
pub(super) fn others(client: &Client) -> Result<Vec<String>> {
    let said = client.capture(&client.command(DRILLED))?;
    match said.as_str() {
        "free" => Ok(Vec::new()),
        said => match taken(said) {
            Some(what) => Ok(vec![what]),
            None => Err(Failure::new(
                "unexpected-answer",
                format!(
                    "cannot ask {} what drills have made there: {said}",
                    client.server()
                ),
            )
            .hint("drills and restores need EVAL on the target")),
        },
    }
}

/// "taken 0 12" → "12 keys in database 0"
pub(super) fn taken(said: &str) -> Option<String> {
    let (database, keys) = said.strip_prefix("taken ")?.split_once(' ')?;
    let number = |text: &str| text.parse::<u64>().is_ok();
    if database == "functions" && number(keys) {
        return Some(format!("{keys} libraries of functions"));
    }
    (number(database) && number(keys)).then(|| format!("{keys} keys in database {database}"))
}
