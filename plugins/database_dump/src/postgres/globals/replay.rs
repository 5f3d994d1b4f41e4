//! How the facts reach the server: as one text, never as a part of a statement.

use sidecar_sdk::restore::Part;
use sidecar_sdk::{Failure, Result, choices};

use super::script::REPLAY;
use crate::client::SQL;
use crate::postgres::command_lines::{QUERY, REPLAY_PART};
use crate::postgres::server::PostgresServer;

/// The variables with facts that are not a range of the backup. The system limits the length of each.
pub(in crate::postgres) const VALUES: [&str; 12] = [
    "SIDE_CAR_VALUES_1",
    "SIDE_CAR_VALUES_2",
    "SIDE_CAR_VALUES_3",
    "SIDE_CAR_VALUES_4",
    "SIDE_CAR_VALUES_5",
    "SIDE_CAR_VALUES_6",
    "SIDE_CAR_VALUES_7",
    "SIDE_CAR_VALUES_8",
    "SIDE_CAR_VALUES_9",
    "SIDE_CAR_VALUES_10",
    "SIDE_CAR_VALUES_11",
    "SIDE_CAR_VALUES_12",
];

const MAX_VALUE_BYTES: usize = 120_000;

/// Replays the facts in this range of the backup, however long.
pub(super) fn part(
    server: &PostgresServer,
    database: &str,
    line: &Part,
    replace: bool,
) -> Result<()> {
    let script = script("cat <&3", replace);
    let command = server.command(REPLAY_PART, database);
    line.feed(&command.env(SQL, script)).map(drop)
}

/// Replays facts that are not in the backup in this form.
pub(super) fn text(
    server: &PostgresServer,
    database: &str,
    facts: &str,
    replace: bool,
) -> Result<()> {
    let pieces = pieces(facts);
    if pieces.len() > VALUES.len() {
        return Err(Failure::new(
            "too-large",
            format!(
                "the globals of this backup are {} bytes in the form of an earlier version, which is too much",
                facts.len()
            ),
        )
        .hint("create the roles by hand from sidecar fetch ID --only globals -o FILE"));
    }
    let names = VALUES[..pieces.len()]
        .iter()
        .map(|name| format!(" \"${name}\""));
    let script = script(&format!("printf %s{}", names.collect::<String>()), replace);
    let mut command = server.command(QUERY, database);
    for (name, piece) in VALUES.iter().zip(pieces) {
        command = command.env(*name, piece);
    }
    server.client.run(&command.env(SQL, script))
}

/// `source` prints the facts.
fn script(source: &str, replace: bool) -> String {
    // A drill leaves no folder of the server in use.
    let tablespaces = if choices::is_drill() { "off" } else { "on" };
    let replace = if replace { "on" } else { "off" };
    format!(
        "\\set facts `{source}`\nSET sidecar.globals = :'facts';\n\
         SET sidecar.replace = {replace};\nSET sidecar.tablespaces = {tablespaces};\n{REPLAY}"
    )
}

fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > MAX_VALUE_BYTES {
        let mut end = MAX_VALUE_BYTES;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_split_between_characters() {
        let text = "ñ€a".repeat(50_000);
        let pieces = pieces(&text);
        assert!(pieces.len() > 2 && pieces.iter().all(|piece| piece.len() <= MAX_VALUE_BYTES));
        assert_eq!(pieces.concat(), text);
    }
}
