//! Option files of the dump tool, which tell it to leave something out, or to write what no restore takes: it obeys, and
//! says nothing of it.

use sidecar_sdk::Result;

use super::server::MysqlServer;
use crate::coverage::Gap;

/// Options that leave out tables or rows, or write more or something else than the statements that a restore takes apart: of
/// transactions, of replication, of other databases and of users.
const HARMFUL: [&str; 21] = [
    "no-data",
    "no-data-med",
    "no-create-info",
    "ignore-table",
    "ignore-table-data",
    "ignore-database",
    "where",
    "as-of",
    "tab",
    "xml",
    "result-file",
    "insert-ignore",
    "compatible",
    "replace",
    "no-autocommit",
    "databases",
    "system",
    "master-data",
    "source-data",
    "dump-slave",
    "dump-replica",
];

/// The gap of a tool whose option files change what is in a dump.
pub(super) fn gap(server: &MysqlServer) -> Result<Option<Gap>> {
    let names = server
        .client
        .capture(&server.client.command(server.lines.options))?;
    let found = harmful(&names);
    Ok((!found.is_empty()).then(|| {
        Gap::required(
            format!(
                "what the option files of the dump tool leave out or change ({})",
                found.join(", ")
            ),
            "the tool obeys them, and does not say it",
            "take these options out of the files, or name another one: ?option-file=/path in strategy.config.url",
        )
    }))
}

/// Options as the tool lists them, one a line: in full, with `_`, after `loose-`, or only their beginnings.
fn harmful(names: &str) -> Vec<String> {
    let names = names.lines().filter_map(|line| line.strip_prefix("--"));
    let names = names.map(|name| name.replace('_', "-"));
    let harms = |name: &String| {
        let name = name.strip_prefix("loose-").unwrap_or(name);
        !name.is_empty() && HARMFUL.iter().any(|option| option.starts_with(name))
    };
    names.filter(harms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_something_out_is_found_however_it_is_written() {
        let names = "--user\n--no_data\n--loose-where\n--ignore-table-d\n--password\nmariadb-dump would\n--max-allowed-packet\n";
        assert_eq!(harmful(names), ["no-data", "loose-where", "ignore-table-d"]);
        assert!(harmful("").is_empty());
    }
}
