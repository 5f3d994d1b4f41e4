//! A MySQL or MariaDB server: how its tools are run, and how it is queried.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sidecar_sdk::{Command, Failure, Result, choices};

use super::command_lines::CommandLines;
use super::connection;
use super::contents::Contents;
use super::grants::Grants;
use super::sql::{identifier, literal, text};
use crate::client::{Client, SQL, server_name};
use crate::config::{Config, DatabaseFilter};
use crate::layout::Database;

/// The database that a command line works on.
pub(super) const DATABASE: &str = "SIDE_CAR_DATABASE";

/// SQL before and after what a load reads.
pub(super) const BEFORE: &str = "SIDE_CAR_BEFORE";
pub(super) const AFTER: &str = "SIDE_CAR_AFTER";
/// Prints each value of an answer on a line of its own, after its name.
pub(super) const VERTICAL: &str = "SIDE_CAR_VERTICAL";
/// Goes on after a statement that fails.
pub(super) const FORCE: &str = "SIDE_CAR_FORCE";

/// Bytes of SQL that one variable may hold with certainty: the system's limit is 128 KiB.
const LONGEST_SCRIPT: usize = 96 << 10;

/// A server, and which of its databases are dumped.
pub(super) struct MysqlServer {
    /// The value of `engine`.
    pub(super) name: &'static str,
    pub(super) lines: &'static CommandLines,
    pub(super) client: Client,
    pub(super) filter: DatabaseFilter,
    /// Whether it is another server than the configured one.
    pub(super) is_elsewhere: bool,
}

/// What an empty database is created with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MysqlProperties {
    pub(super) charset: String,
    pub(super) collation: String,
    /// None where the server knows no comments of databases, and in backups of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    /// How much the database holds. None before it was dumped, and in backups of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) contents: Option<Contents>,
}

impl MysqlProperties {
    /// The clauses that give them to a database, as they stand after its name.
    pub(super) fn clauses(&self) -> String {
        let comment = self.comment.as_deref();
        let comment = comment.map(|comment| format!(" COMMENT = {}", literal(comment)));
        format!(
            "CHARACTER SET {} COLLATE {}{}",
            identifier(&self.charset),
            identifier(&self.collation),
            comment.unwrap_or_default()
        )
    }
}

/// What the server's defaults and its `init_connect` could have given a session, and what every session of ours has instead.
/// `DEFAULT` would be the server's own value.
pub(super) const PRELUDE: &str = "\
SET SESSION sql_mode = '', sql_select_limit = 18446744073709551615, max_join_size = 18446744073709551615;
SET SESSION sql_big_selects = 1, sql_safe_updates = 0, sql_auto_is_null = 0, sql_quote_show_create = 1, autocommit = 1, foreign_key_checks = 1, unique_checks = 1;
SET SESSION TRANSACTION READ WRITE;
SET NAMES utf8mb4;
/*M!100101 SET SESSION max_statement_time = 0 */;
/*!50708 SET SESSION max_execution_time = 0 */;
";

/// Rows that a session is given where no limit is set.
const NO_LIMIT: &str = "18446744073709551615";

// What a restore makes is no database of the application's.
// Where the data directory is a volume of its own, its `lost+found` looks like a database.
const DATABASES: &str = "
FROM information_schema.SCHEMATA
WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys', '#mysql50#lost+found')
AND NOT (SCHEMA_NAME REGEXP '^sidecar_(new|old)_[a-z0-9]{10}$' AND EXISTS (
SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = CONCAT('sidecar_old_', RIGHT(SCHEMA_NAME, 10))
AND TABLE_NAME = CONCAT('sidecar_swap_', RIGHT(SCHEMA_NAME, 10))))
ORDER BY SCHEMA_NAME";

impl MysqlServer {
    /// The server at `url`; `key` names it in a failure.
    pub(super) fn open(
        name: &'static str,
        lines: &'static CommandLines,
        config: &Config,
        url: &str,
        key: &str,
    ) -> Result<Self> {
        let mut env = connection::parse(url, key)?;
        if config.is_elsewhere() {
            connection::without_defaults(&mut env);
        }
        let places = ["SIDE_CAR_HOST", "SIDE_CAR_PORT", "SIDE_CAR_SOCKET"];
        Ok(Self {
            client: Client::new(&config.commands, server_name(name, &env, places), env),
            name,
            lines,
            filter: config.database_filter()?,
            is_elsewhere: config.is_elsewhere(),
        })
    }

    /// The answer to `sql`.
    pub(super) fn query(&self, sql: &str) -> Result<String> {
        self.client.capture(&self.query_command(sql))
    }

    /// The answer to `sql`, with a line for each value: its name, and the value.
    pub(super) fn query_vertically(&self, sql: &str) -> Result<String> {
        let command = self.query_command(sql).env(VERTICAL, "yes");
        self.client.capture(&command)
    }

    /// Executes SQL that returns nothing.
    pub(super) fn execute(&self, sql: &str) -> Result<()> {
        self.client.run(&self.query_command(sql))
    }

    /// Executes statements in as few sessions as they fit into, each of which waits for others no longer than
    /// the operator said. The first that fails is the last.
    pub(super) fn script(&self, statements: &[String]) -> Result<()> {
        let mut rest = statements;
        while !rest.is_empty() {
            let mut sql = session_settings();
            let mut taken = 0;
            while let Some(next) = rest.get(taken) {
                if taken > 0 && sql.len() + next.len() > LONGEST_SCRIPT {
                    break;
                }
                sql.push_str(next);
                sql.push_str(";\n");
                taken += 1;
            }
            self.execute(&sql)?;
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// The answer to `sql`, each line of which is one JSON value.
    pub(super) fn query_lines<T: DeserializeOwned>(
        &self,
        sql: &str,
        about: &str,
    ) -> Result<Vec<T>> {
        let answer = self.query(&format!(
            "SET SESSION group_concat_max_len = 1073741824; {sql}"
        ))?;
        let values = answer.lines().map(serde_json::from_str);
        values.collect::<Result<_, _>>().map_err(|error| {
            Failure::new(
                "unexpected-answer",
                format!("the server's answer about {about} cannot be understood: {error}"),
            )
        })
    }

    /// The databases whose names are those that a restore makes.
    pub(super) fn own_databases(&self) -> Result<Vec<String>> {
        self.query_lines(
            "SELECT JSON_QUOTE(SCHEMA_NAME) FROM information_schema.SCHEMATA \
             WHERE SCHEMA_NAME REGEXP '^sidecar_(new|old)_[a-z0-9]{10}$' ORDER BY SCHEMA_NAME",
            "its databases",
        )
    }

    /// A name as the server stores it.
    pub(super) fn canonical(&self, database: &str) -> Result<String> {
        let name = text(database);
        let name = self.query_lines(
            &format!("SELECT JSON_QUOTE(IF(@@lower_case_table_names = 1, LOWER({name}), {name}))"),
            database,
        )?;
        Ok(name.into_iter().next().unwrap_or_default())
    }

    fn query_command(&self, sql: &str) -> Command {
        let command = self.client.command(self.lines.query);
        command.env(SQL, format!("{PRELUDE}{sql}"))
    }

    /// Fails where a session of the dump tool, which takes no settings of ours, is given less than all rows: it would leave
    /// out tables and rows, and say nothing.
    pub(super) fn require_all_rows(&self) -> Result<()> {
        let command = self.client.command(self.lines.query);
        let limit = self
            .client
            .capture(&command.env(SQL, "SELECT @@SESSION.sql_select_limit"))?;
        if limit == NO_LIMIT {
            return Ok(());
        }
        Err(Failure::new(
            "select-limit",
            format!(
                "{} limits the rows of an answer (sql_select_limit): a dump would leave out tables and rows",
                self.client.server()
            ),
        )
        .hint(format!(
            "SET GLOBAL sql_select_limit = {NO_LIMIT}, and look for it in the server's configuration and in init_connect"
        )))
    }

    /// The databases of the server, without those of the system.
    pub(super) fn databases(&self) -> Result<Vec<Database<MysqlProperties>>> {
        let comment = match self.has_comments()? {
            true => ", 'comment', SCHEMA_COMMENT",
            false => "",
        };
        let properties = "'name', SCHEMA_NAME, 'charset', DEFAULT_CHARACTER_SET_NAME, 'collation', DEFAULT_COLLATION_NAME";
        self.query_lines(
            &format!("SELECT JSON_OBJECT({properties}{comment}){DATABASES}"),
            "its databases",
        )
    }

    /// Whether its databases have comments: those of MariaDB 10.5 and newer.
    pub(super) fn has_comments(&self) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' \
             AND TABLE_NAME = 'SCHEMATA' AND COLUMN_NAME = 'SCHEMA_COMMENT'";
        Ok(self.query(sql)? == "1")
    }

    /// The databases that are dumped.
    pub(super) fn selected_databases(&self) -> Result<Vec<Database<MysqlProperties>>> {
        self.filter
            .apply(self.databases()?, |database| &database.name)
    }

    /// The answer to `sql`, which is one JSON value.
    pub(super) fn query_json<T: DeserializeOwned>(&self, sql: &str, about: &str) -> Result<T> {
        serde_json::from_str(&self.query(sql)?).map_err(|error| {
            Failure::new(
                "unexpected-answer",
                format!("the server's answer about {about} cannot be understood: {error}"),
            )
        })
    }

    /// Whether it is MariaDB, which executes any statement from a variable.
    pub(super) fn is_mariadb(&self) -> Result<bool> {
        Ok(self.query("SELECT VERSION()")?.contains("MariaDB"))
    }

    /// What the account may do, with its active roles.
    pub(super) fn grants(&self) -> Result<Grants> {
        self.query("SHOW GRANTS").map(|lines| Grants::parse(&lines))
    }

    /// Whether the dump tool can save the history of system-versioned tables.
    pub(super) fn can_dump_history(&self) -> Result<bool> {
        let answer = self
            .client
            .capture(&self.client.command(self.lines.history))?;
        Ok(!answer.is_empty())
    }
}

/// What a session of a restore sets. The lock is how another restore sees that this one is at work.
pub(super) fn session_settings() -> String {
    format!(
        "{PRELUDE}DO GET_LOCK({}, 0);
SET SESSION lock_wait_timeout = {wait}, innodb_lock_wait_timeout = {wait}, group_concat_max_len = 1073741824, \
sql_mode = 'STRICT_ALL_TABLES', foreign_key_checks = 0;
",
        text(&lock_name(&choices::id())),
        wait = choices::wait().as_secs().max(1)
    )
}

/// The lock that the sessions of a restore have.
pub(super) fn lock_name(restore: &str) -> String {
    /// Letters of an id that all databases of a restore have in common.
    const COMMON: usize = 7;
    format!("sidecar_{}", restore.get(..COMMON).unwrap_or(restore))
}
