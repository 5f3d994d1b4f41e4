//! What a dump would lack. MySQL and MariaDB show an account only what it has a right to, and their dump
//! tools leave out without a word what they are not shown.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::grants::Grants;
use super::server::MysqlServer;
use super::shortened::shortened;
use super::sql::{identifier, literal, text};
use super::swap::{self, Unfinished};
use super::{damage, events, options, outside};
use crate::config::DatabaseFilter;
use crate::coverage::{Content, Gap};
use crate::emptiness::empty_gaps;

/// Engines whose tables lead to rows on other servers or in files.
const ELSEWHERE: &str = "'FEDERATED', 'CONNECT', 'SPIDER', 'OQGRAPH', 'VP', 'S3', 'SPHINX'";

/// What is the same for all databases.
struct Account {
    grants: Grants,
    /// For GRANT: `'backup'@'%'`.
    name: String,
    /// Whether it may read the code of every routine.
    reads_routines: bool,
    /// The privilege for that: servers differ.
    routine_grant: &'static str,
    can_dump_history: bool,
}

/// What the account sees in a database.
#[derive(Deserialize)]
struct Visible {
    views: u64,
    /// System-versioned tables.
    versioned: u64,
    /// Routines of which it sees only the names.
    names_only: u64,
    /// Tables, views, routines and events.
    objects: u64,
    /// Tables of engines without transactions: "t (MyISAM), u (Aria)".
    without_transactions: Option<String>,
    /// Tables whose rows are not on this server: "t (FEDERATED)".
    elsewhere: Option<String>,
}

pub(super) fn gaps(server: &MysqlServer) -> Result<Vec<Gap>> {
    let account = account(server)?;
    let mut gaps = server_gaps(server, &account)?;
    let databases = server.selected_databases()?;
    let (mut empty, mut names, count) = (Vec::new(), Vec::new(), databases.len());
    for database in databases {
        let visible = visible(server, &database.name)?;
        let of_database = database_gaps(&account, &database.name, &visible);
        gaps.extend(of_database.into_iter().map(|gap| gap.of(&database.name)));
        if visible.views > 0 && account.grants.on_database(&database.name, "SELECT") {
            let gap = broken_views(server, &database.name)?;
            gaps.extend(gap.map(|gap| gap.of(&database.name)));
        }
        if visible.versioned > 0 {
            let gap = history_gap(server, &account, &database.name)?;
            gaps.extend(gap.map(|gap| gap.of(&database.name)));
        }
        for gap in [
            damage::gap(server, &database.name)?,
            events::gap(server, &database.name)?,
        ] {
            gaps.extend(gap.map(|gap| gap.of(&database.name)));
        }
        if visible.objects == 0 {
            empty.push(database.name.clone());
        }
        names.push(database.name);
    }
    for (database, gap) in damage::lost_tables(server)? {
        if names.contains(&database) {
            gaps.push(gap.of(&database));
        }
    }
    gaps.extend(unfinished(server, &names)?);
    gaps.extend(empty_gaps(&server.filter, empty, count));
    Ok(gaps)
}

fn account(server: &MysqlServer) -> Result<Account> {
    let grants = server.grants()?;
    let version = server.query("SELECT VERSION()")?;
    let major: u32 = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or_default();
    let table_of_routines = version.contains("MariaDB") || major < 8;
    let reads_routines = grants.everywhere("SHOW CREATE ROUTINE")
        || if table_of_routines {
            grants.on_table("mysql", "proc", "SELECT")
        } else {
            grants.everywhere("SHOW_ROUTINE") || grants.everywhere("SELECT")
        };
    let name = server.query("SELECT CURRENT_USER()")?;
    let (user, host) = name.rsplit_once('@').unwrap_or((&name, "%"));
    Ok(Account {
        reads_routines,
        routine_grant: if table_of_routines {
            "SELECT ON mysql.proc"
        } else {
            "SHOW_ROUTINE ON *.*"
        },
        can_dump_history: server.can_dump_history()?,
        name: format!("{}@{}", literal(user), literal(host)),
        grants,
    })
}

impl Account {
    fn grant(&self, what: &str) -> String {
        format!("GRANT {what} TO {}", self.name)
    }

    /// The gap that a privilege on the whole database would close.
    fn needs(&self, content: Content, what: &str, privilege: &str, database: &str) -> Option<Gap> {
        (!self.grants.on_database(database, privilege)).then(|| {
            Gap::new(
                content,
                format!("{what} of {database}"),
                format!("the account has no {privilege} on the whole database"),
                self.grant(&format!("{privilege} ON {}.*", identifier(database))),
            )
        })
    }
}

fn server_gaps(server: &MysqlServer, account: &Account) -> Result<Vec<Gap>> {
    let mut gaps = Vec::new();
    let sees_all = ["SHOW DATABASES", "SELECT"];
    if server.filter == DatabaseFilter::All
        && !sees_all
            .iter()
            .any(|right| account.grants.everywhere(right))
    {
        gaps.push(Gap::new(
            Content::Databases,
            "the databases that the account cannot see",
            "it has no SHOW DATABASES, and strategy.config.databases names none",
            format!(
                "{}, or name them in strategy.config.databases",
                account.grant("SHOW DATABASES ON *.*")
            ),
        ));
    }
    gaps.extend(options::gap(server)?);
    if !account.grants.on_database("mysql", "SELECT") {
        gaps.push(Gap::new(
            Content::Users,
            "the users and their rights",
            "the account has no SELECT on the database mysql",
            account.grant("SELECT ON mysql.*"),
        ));
    }
    if account.grants.on_database("mysql", "SELECT") {
        gaps.extend(outside::omissions(server)?);
    }
    let recovery: u64 = server.query_json(
        "SELECT @@GLOBAL.innodb_force_recovery",
        "innodb_force_recovery",
    )?;
    if recovery > 0 {
        gaps.push(Gap::new(
            Content::DamagedPages,
            "rows on damaged pages",
            format!("innodb_force_recovery is {recovery}: the server passes over damage"),
            "repair the server, and start it without innodb_force_recovery",
        ));
    }
    Ok(gaps)
}

/// What a restore has taken away that it would have given back, had it not been killed.
fn unfinished(server: &MysqlServer, names: &[String]) -> Result<Vec<Gap>> {
    const REMEDY: &str =
        "wait for its end; if it was killed, the next restore finishes it, whatever it restores";
    let mut gaps = Vec::new();
    for Unfinished { target, databases } in swap::unfinished(server)? {
        let lacking: Vec<&String> = databases
            .iter()
            .filter(|name| names.contains(name))
            .collect();
        if let Some(first) = lacking.first() {
            let what = match **first == target {
                true => format!("triggers, views or code of {target}"),
                false => format!("foreign keys of {first} into {target}"),
            };
            let why = format!("a restore of {target} is at work, or was killed in the middle");
            gaps.push(Gap::required(what, why, REMEDY).of(first));
        }
    }
    for name in names {
        let own = format!("^{}[a-z0-9]{{10}}$", swap::OBJECTS);
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME REGEXP '{own}'",
            text(name)
        );
        if server.query(&sql)? != "0" {
            gaps.push(
                Gap::required(
                    format!("all that {name} is to hold"),
                    "a restore that fills it where it is is at work, or was killed in the middle",
                    "wait for its end; if it was killed, restore it again with --replace",
                )
                .of(name),
            );
        }
    }
    Ok(gaps)
}

fn visible(server: &MysqlServer, database: &str) -> Result<Visible> {
    let name = text(database);
    let tables = format!("information_schema.TABLES WHERE TABLE_SCHEMA = {name} AND TABLE_TYPE");
    server.query_json(
        &format!(
            "SELECT JSON_OBJECT(
                'views', (SELECT COUNT(*) FROM {tables} = 'VIEW'),
                'versioned', (SELECT COUNT(*) FROM {tables} = 'SYSTEM VERSIONED'),
                'objects', (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {name})
                    + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {name})
                    + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {name}),
                'without_transactions', (SELECT GROUP_CONCAT(CONCAT(t.TABLE_NAME, ' (', t.ENGINE, ')') ORDER BY 1 SEPARATOR ', ')
                    FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
                    WHERE t.TABLE_SCHEMA = {name} AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
                    AND e.TRANSACTIONS = 'NO' AND t.ENGINE NOT IN ({ELSEWHERE})),
                'elsewhere', (SELECT GROUP_CONCAT(CONCAT(TABLE_NAME, ' (', ENGINE, ')') ORDER BY 1 SEPARATOR ', ')
                    FROM {tables} <> 'VIEW' AND ENGINE IN ({ELSEWHERE})),
                'names_only', (SELECT COUNT(*) FROM information_schema.ROUTINES
                    WHERE ROUTINE_SCHEMA = {name} AND ROUTINE_BODY = 'SQL' AND ROUTINE_DEFINITION IS NULL))"
        ),
        database,
    )
}

fn database_gaps(account: &Account, database: &str, visible: &Visible) -> Vec<Gap> {
    let needs = |content, what, privilege| account.needs(content, what, privilege, database);
    let mut gaps: Vec<Gap> = [
        needs(Content::Tables, "tables", "SELECT"),
        needs(Content::Triggers, "the triggers", "TRIGGER"),
        needs(Content::Events, "the events", "EVENT"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if visible.views > 0 && !account.grants.on_database(database, "SHOW VIEW") {
        gaps.push(Gap::required(
            format!("the views of {database}"),
            "the account has no SHOW VIEW on the whole database",
            account.grant(&format!("SHOW VIEW ON {}.*", identifier(database))),
        ));
    }
    if let Some(tables) = &visible.without_transactions {
        gaps.push(Gap::said(
            format!("the state at one moment of tables of {database}: {}", shortened(tables)),
            "their engine has no transactions: of what is written to them during the dump, a part may be in it; InnoDB tables are whole",
        ));
    }
    if let Some(tables) = &visible.elsewhere {
        gaps.push(Gap::said(
            format!(
                "the rows of tables of {database} that lie elsewhere: {}",
                shortened(tables)
            ),
            "the dump tool saves how they are reached: back up what they lead to",
        ));
    }
    // An owner sees the names of all routines, and the code of its own.
    let sees_names = ["EXECUTE", "ALTER ROUTINE", "SHOW CREATE ROUTINE"];
    let sees_names = sees_names
        .iter()
        .any(|right| account.grants.on_database(database, right));
    let reads_all =
        account.reads_routines || account.grants.on_database(database, "SHOW CREATE ROUTINE");
    let sees_code = sees_names && visible.names_only == 0;
    if !reads_all && !sees_code {
        gaps.push(Gap::new(
            Content::Routines,
            format!("the procedures and functions of {database}"),
            "the account may not read their code",
            account.grant(account.routine_grant),
        ));
    }
    gaps
}

/// Views that the server cannot open for the account: the dump tool fails there. The number of rows has the server
/// open each; the comment is then why it could not.
fn broken_views(server: &MysqlServer, database: &str) -> Result<Option<Gap>> {
    let name = text(database);
    let broken: Option<String> = server.query_json(
        &format!(
            "SELECT JSON_EXTRACT(JSON_ARRAY(GROUP_CONCAT(TABLE_NAME ORDER BY 1 SEPARATOR ', ')), '$[0]')
             FROM information_schema.TABLES WHERE TABLE_SCHEMA = {name} AND TABLE_TYPE = 'VIEW'
             AND TABLE_ROWS IS NULL AND TABLE_COMMENT NOT IN ('VIEW', '')"
        ),
        database,
    )?;
    Ok(broken.map(|names| {
        Gap::required(
            format!("the views {} of {database}", shortened(&names)),
            "the server cannot open them: a table, column, function or definer that they name is not there",
            "correct each of them (CREATE OR REPLACE VIEW), or drop it",
        )
    }))
}

/// The gap of a database with system-versioned tables.
fn history_gap(server: &MysqlServer, account: &Account, database: &str) -> Result<Option<Gap>> {
    let gap = |reason: &str, remedy: &str| {
        Gap::new(
            Content::History,
            format!("the former rows of the system-versioned tables of {database}"),
            reason,
            remedy,
        )
    };
    if !account.can_dump_history {
        return Ok(Some(gap(
            "the dump tool has no --dump-history",
            "install the client of MariaDB 10.11 or newer, and use engine: mariadb",
        )));
    }
    // The dump tool refuses these; without history it dumps them.
    let by_transaction: u64 = server.query_json(
        &format!(
            "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {}
             AND GENERATION_EXPRESSION = 'ROW START' AND DATA_TYPE = 'bigint'",
            text(database)
        ),
        database,
    )?;
    Ok((by_transaction > 0).then(|| {
        gap(
            "the dump tool cannot save history that is precise to the transaction",
            "version these tables by TIMESTAMP(6)",
        )
    }))
}
