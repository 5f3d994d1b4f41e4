//! Option files of the dump tool, which tell it to leave something out: it obeys, and says nothing of it.

use sidecar_sdk::Result;

use super::server::MysqlServer;
use crate::coverage::Gap;

/// Options that leave out tables or rows, or write something else than a dump.
const LEAVING_OUT: [&str; 13] = [
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
];

/// The gap of a tool whose option files leave something out.
pub(super) fn gap(server: &MysqlServer) -> Result<Option<Gap>> {
    let names = server
        .client
        .capture(&server.client.command(server.lines.options))?;
    let found = leaving_out(&names);
    Ok((!found.is_empty()).then(|| {
        Gap::required(
            format!(
                "what the option files of the dump tool leave out ({})",
                found.join(", ")
            ),
            "the tool obeys them, and does not say it",
            "take these options out of the files, or name another one: ?option-file=/path in strategy.config.url",
        )
    }))
}

/// Options as the tool lists them, one a line: in full, with `_`, after `loose-`, or only their beginnings.
fn leaving_out(names: &str) -> Vec<String> {
    let names = names.lines().filter_map(|line| line.strip_prefix("--"));
    let names = names.map(|name| name.replace('_', "-"));
    let leaves_out = |name: &String| {
        let name = name.strip_prefix("loose-").unwrap_or(name);
        !name.is_empty() && LEAVING_OUT.iter().any(|option| option.starts_with(name))
    };
    names.filter(leaves_out).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_something_out_is_found_however_it_is_written() {
        let names = "--user\n--no_data\n--loose-where\n--ignore-table-d\n--password\nmariadb-dump would\n--max-allowed-packet\n";
        assert_eq!(
            leaving_out(names),
            ["no-data", "loose-where", "ignore-table-d"]
        );
        assert!(leaving_out("").is_empty());
    }
}
