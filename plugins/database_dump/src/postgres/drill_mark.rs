//! How a drill knows again what it has made: the comment of such a database begins with a mark, which names the
//! database by its number on this server and by its name. One that was made anew, copied, restored from a dump or
//! renamed bears none. It is planted in the transaction that puts the database into place.

use sidecar_sdk::{Result, choices};

use super::identity;
use super::live::{Extensions, LiveDatabase};
use super::maintenance::MaintenanceDatabases;
use super::own_names::drill_mark_head;
use super::server::PostgresServer;
use crate::scratch::not_scratch;

/// What a server has that keeps its system identifier from the account.
const UNKNOWN_SERVER: &str = "unknown";

/// The server that the mark is of.
#[derive(Debug)]
pub(super) struct DrillMark {
    server: String,
}

impl DrillMark {
    /// The mark of a drill; none of any other restore.
    pub(super) fn of_drill(server: &PostgresServer) -> Option<Self> {
        choices::is_drill().then(|| Self::on(server))
    }

    fn on(server: &PostgresServer) -> Self {
        let identifier = identity::system(server).ok();
        Self {
            server: identifier.unwrap_or_else(|| UNKNOWN_SERVER.to_owned()),
        }
    }

    /// The comment of a database that a drill has made, which was to have `comment`.
    pub(super) fn comment(&self, database: &str, number: u64, comment: Option<&str>) -> String {
        let mark = format!("{}{}", drill_mark_head(database, number), self.server);
        comment.map_or_else(|| mark.clone(), |comment| format!("{mark}\n{comment}"))
    }

    /// Fails unless the database may be replaced by a drill: it is empty, or a drill has made it.
    pub(super) fn check(&self, server: &PostgresServer, live: &LiveDatabase) -> Result<()> {
        match self.allows(live) {
            true => Ok(()),
            false => Err(not_scratch(
                server.client.server(),
                std::slice::from_ref(&live.name),
            )),
        }
    }

    fn allows(&self, live: &LiveDatabase) -> bool {
        live.is_empty() || live.drilled_on.as_ref() == Some(&self.server)
    }
}

/// Those of these databases that are not empty, and that no drill has made.
pub(super) fn made_by_others(server: &PostgresServer, names: &[&str]) -> Result<Vec<String>> {
    let mark = DrillMark::on(server);
    let entries = MaintenanceDatabases::find(server)?;
    let mut others = Vec::new();
    for &name in names {
        // What the backup brings is not known here: each database is looked at again before it is replaced.
        let live = LiveDatabase::find(server, &entries, name, Extensions::Any)?;
        if live.is_some_and(|live| !mark.allows(&live)) {
            others.push(name.to_owned());
        }
    }
    Ok(others)
}

#[cfg(test)]
mod tests {
    use super::super::own_names::unmarked;
    use super::*;

    #[test]
    fn a_mark_is_of_one_database_on_one_server() {
        let mark = DrillMark {
            server: "7".to_owned(),
        };
        for (name, comment) in [
            ("app1", None),
            ("a\nb of=x on=8", Some("two\nlines")),
            ("", Some("")),
        ] {
            let marked = mark.comment(name, 16_402, comment);
            let below = comment.map(str::to_owned);
            assert_eq!(
                unmarked(name, 16_402, &marked),
                Some(("7".to_owned(), below))
            );
            assert_eq!(unmarked(name, 1_640, &marked), None);
            assert_eq!(unmarked("other", 16_402, &marked), None);
        }
        assert_eq!(unmarked("app1", 16_402, "the shop"), None);
    }
}
