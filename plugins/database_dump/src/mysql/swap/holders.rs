//! The sessions that hold what is replaced: a bounded wait, then their names and the choice.

use serde::Deserialize;
use sidecar_sdk::{Failure, Result, choices, log};

use super::names::SwapNames;
use super::state;
use crate::mysql::server::MysqlServer;
use crate::mysql::sql::text;

/// The word that accepts that sessions are ended.
const WORD: &str = "end-sessions";

#[derive(Deserialize)]
struct Session {
    id: u64,
    user: String,
    host: String,
    /// Empty if it has chosen none.
    database: String,
    command: String,
    seconds: i64,
    /// 1 if it does nothing, and its transaction has changed nothing.
    #[serde(default)]
    idle_reader: u8,
}

/// Runs the statements that swap; each waits as long as the operator said. Then the sessions that hold the
/// target are ended, if that was accepted or takes nothing from them, or named.
pub(super) fn bounded(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    swap: impl Fn() -> Result<()>,
) -> Result<()> {
    let held = |failure: Failure| match state::is_swapped(server, names) {
        Ok(false) if failure.message.contains("ERROR 1205 ") => sessions(server, target),
        _ => Err(failure),
    };
    let Err(failure) = swap() else {
        return Ok(());
    };
    let mut holders = held(failure)?;
    let ends = |session: &&Session| {
        session.is_idle_reader() || choices::accepted(WORD) && session.may_be_ended(target)
    };
    if holders.iter().any(|session| ends(&session)) {
        for session in holders.iter().filter(ends) {
            log::warn(&format!("ending {}", session.shown()));
            // It may have ended by itself.
            let _ = server.execute(&format!("KILL CONNECTION {}", session.id));
        }
        let Err(failure) = swap() else {
            return Ok(());
        };
        holders = held(failure)?;
    }
    let shown: Vec<String> = holders.iter().map(Session::shown).collect();
    Err(Failure::new(
        "in-use",
        format!(
            "{target} was in use for {} s, and is as it was; it may be held by {}",
            choices::wait().as_secs(),
            if shown.is_empty() {
                "a session that the account may not see".to_owned()
            } else {
                shown.join("; ")
            }
        ),
    )
    .hint(format!(
        "end them, wait longer with --wait SECONDS, or have the restore end those that are in no other database with --accept {WORD}"
    )))
}

impl Session {
    /// It loses nothing: it only looked, and was silent for as long as was waited.
    fn is_idle_reader(&self) -> bool {
        self.idle_reader == 1 && self.seconds >= choices::wait().as_secs().try_into().unwrap_or(0)
    }

    /// One in another database may be there for that one.
    fn may_be_ended(&self, target: &str) -> bool {
        self.database.is_empty() || self.database == target
    }

    fn shown(&self) -> String {
        let Self {
            id,
            user,
            host,
            command,
            seconds,
            ..
        } = self;
        let database = match self.database.as_str() {
            "" => String::new(),
            name => format!(" in {name}"),
        };
        format!("session {id} of {user} from {host}{database} ({command}, {seconds} s)")
    }
}

/// Which sessions hold the tables of `target`: as the server knows it where it keeps a list of its locks, else
/// those that are in the database, and those in a transaction.
fn sessions(server: &MysqlServer, target: &str) -> Result<Vec<Session>> {
    let facts = "'id', p.ID, 'user', p.USER, 'host', IFNULL(p.HOST, ''), 'database', IFNULL(p.DB, ''), 'command', p.COMMAND, 'seconds', p.TIME";
    let select =
        format!("SELECT DISTINCT JSON_OBJECT({facts}) FROM information_schema.PROCESSLIST p");
    let in_transaction = format!(
        "SELECT DISTINCT JSON_OBJECT({facts}, 'idle_reader', IF(p.COMMAND = 'Sleep' AND t.trx_rows_modified = 0, 1, 0)) \
         FROM information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID"
    );
    let others = "p.ID <> CONNECTION_ID() AND p.USER <> 'system user' AND p.COMMAND <> 'Daemon'";
    let target = text(target);
    let exact = format!(
        "{in_transaction} JOIN information_schema.METADATA_LOCK_INFO l ON l.THREAD_ID = p.ID WHERE {others} AND l.TABLE_SCHEMA = {target}"
    );
    if let Ok(sessions) = server.query_lines::<Session>(&exact, "its sessions") {
        return Ok(sessions);
    }
    let likely = format!(
        "{in_transaction} \
         WHERE {others} AND (p.DB = {target} OR t.trx_id IS NOT NULL)"
    );
    if let Ok(sessions) = server.query_lines::<Session>(&likely, "its sessions") {
        return Ok(sessions);
    }
    server.query_lines(
        &format!("{select} WHERE {others} AND p.DB = {target}"),
        "its sessions",
    )
}
