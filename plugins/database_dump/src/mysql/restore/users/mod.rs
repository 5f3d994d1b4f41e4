//! The users. Definers must be there before views are made, and views before an account is given a right on
//! them: they come twice. One that is there stays as it is, unless it is replaced; a drill replaces none. The account that
//! restores comes last of all.

mod drill;
mod facts;
mod statement;

use std::io::Read as _;

use sidecar_sdk::restore::Part;
use sidecar_sdk::{Failure, Result, choices, log};

use crate::mysql::server::MysqlServer;
use crate::mysql::sql::text;
use facts::Facts;
use statement::{Action, Statement, Subject};

/// Bytes of a statement that one variable can hold in hexadecimal.
const LONGEST: usize = 45 << 10;

/// What is done about the users of a backup.
pub(super) struct Users {
    backup: Facts,
    before: Facts,
    /// Executed for all others than the account that restores.
    statements: Vec<Statement>,
    /// For that account.
    own: Vec<Statement>,
    account: Subject,
    replaces: bool,
}

/// Reads the users of the backup and those of the server. In a drill those go that an earlier one has made.
pub(super) fn prepare(server: &MysqlServer, part: &Part, replace: bool) -> Result<Users> {
    let mut script = Vec::new();
    part.open().read_to_end(&mut script)?;
    let statements = statement::read(&script)?;
    let replaces = replace && !choices::is_drill();
    let mut before = Facts::now(server);
    if let (true, Ok(now)) = (choices::is_drill(), &before) {
        drill::drop_own(server, now)?;
        before = Facts::now(server);
    }
    let before = match before {
        Err(failure) if !replaces => return Err(failure),
        before => before.unwrap_or_default(),
    };
    let own = server.query("SELECT CURRENT_USER()")?;
    let (user, host) = own.rsplit_once('@').unwrap_or((&own, "%"));
    let account = Subject::Account {
        user: user.to_owned(),
        host: host.to_lowercase(),
    };
    let backup = Facts::of(&statements);
    let mut users = Users {
        backup,
        before,
        statements: Vec::new(),
        own: Vec::new(),
        account,
        replaces,
    };
    for statement in statements {
        users.take(statement);
    }
    // As soon as its password is another one, no further session can be had.
    users.own.sort_by_key(Statement::authenticates);
    Ok(users)
}

impl Users {
    fn take(&mut self, statement: Statement) {
        let is_own = statement.subject == self.account;
        if !is_own && !self.before.has(&statement.subject) {
            self.statements.push(statement);
            return;
        }
        // Only who may give a role on can say it again, and that may be no account at all.
        if matches!(statement.action, Action::Membership(_)) && self.before.says(&statement) {
            return;
        }
        let joins_a_new_role = match &statement.action {
            Action::Membership(role) => !self.before.has(role) && !choices::is_drill(),
            _ => false,
        };
        if !self.replaces && !joins_a_new_role {
            return;
        }
        for text in statement.altering() {
            let statement = Statement {
                text,
                ..statement.clone()
            };
            match is_own {
                true => self.own.push(statement),
                false => self.statements.push(statement),
            }
        }
    }

    /// Before views: what fails now fails in [`Users::complete`] too, or has got what it needs.
    pub(super) fn create(&self, server: &MysqlServer) {
        for (subject, failure) in run(server, &self.statements) {
            log::info(&format!(
                "{subject} comes again after views and code: {}",
                failure.message
            ));
        }
    }

    /// Gives every user its rights. Returns words for the report.
    pub(super) fn complete(self, server: &MysqlServer) -> Result<String> {
        let mut failed = run(server, &self.statements);
        self.leave_roles(server, &mut failed);
        let note = match Facts::now(server) {
            Ok(now) => self.report(server, &now),
            // All are replaced.
            Err(_) => format!("{} users", self.backup.subjects().count()),
        };
        failed.extend(run(server, &self.own));
        if failed.is_empty() {
            return Ok(note);
        }
        let failed: Vec<String> = failed
            .iter()
            .map(|(subject, failure)| format!("{subject} ({})", failure.message))
            .collect();
        Err(Failure::new(
            "incomplete",
            format!("{note}; not all of them could be made as in the backup: {}", failed.join(", ")),
        )
        .hint("the reason stands behind each; restore them again when what they need is there: --only globals --replace"))
    }

    /// Who makes a role is its first member.
    fn leave_roles(&self, server: &MysqlServer, failed: &mut Vec<(Subject, Failure)>) {
        for statement in &self.statements {
            let is_made = statement.action == Action::CreateRole;
            if !is_made || self.before.has(&statement.subject) || self.is_member(&statement.subject)
            {
                continue;
            }
            let (role, account) = (statement.subject.quoted(), self.account.quoted());
            // One that could not be made is told already.
            let left = server.script(&[format!("REVOKE {role} FROM {account}")]);
            if let Err(failure) = left
                && !failure.message.contains("ERROR 1959 ")
            {
                failed.push((statement.subject.clone(), failure));
            }
        }
    }

    /// Whether the account that restores is to be a member of a role.
    fn is_member(&self, role: &Subject) -> bool {
        let mut all = self.statements.iter().chain(&self.own);
        all.any(|one| one.subject == self.account && one.action == Action::Membership(role.clone()))
    }

    fn report(&self, server: &MysqlServer, now: &Facts) -> String {
        let subjects: Vec<&Subject> = self.backup.subjects().collect();
        let made = |subject: &&Subject| !self.before.has(subject) && now.has(subject);
        let made: Vec<Subject> = subjects.iter().copied().filter(made).cloned().collect();
        let mut note = format!("{} of {} users made", made.len(), subjects.len());
        let differs = |subject: &&&Subject| {
            self.before.has(subject)
                && !self.backup.agrees(now, subject)
                && !(self.replaces && **subject == &self.account)
        };
        let differing: Vec<String> = subjects
            .iter()
            .filter(differs)
            .map(ToString::to_string)
            .collect();
        if !differing.is_empty() {
            let differing = differing.join(", ");
            let told = match (self.replaces, choices::is_drill()) {
                (true, _) => format!(
                    "there with more than in the backup: {differing}; compare SHOW GRANTS, and revoke what is too much"
                ),
                (false, true) => format!(
                    "left as they are and not as in the backup: {differing} (a drill changes no user that is there)"
                ),
                (false, false) => format!(
                    "left as they are and not as in the backup: {differing} (--only globals --replace makes them so)"
                ),
            };
            log::warn(&told);
            note = format!("{note}; {told}");
        }
        if choices::is_drill()
            && let Err(failure) = drill::note(server, &made, now)
        {
            log::warn(&format!(
                "the next drill will not remove the users that this one has made: {}",
                failure.message
            ));
        }
        note
    }
}

/// Executes statements, each as one. Returns those that failed.
fn run(server: &MysqlServer, statements: &[Statement]) -> Vec<(Subject, Failure)> {
    let scripts: Vec<Result<String>> = statements.iter().map(prepared).collect();
    let all: Vec<String> = scripts
        .iter()
        .filter_map(|script| script.as_ref().ok())
        .cloned()
        .collect();
    if all.len() == scripts.len() && server.script(&all).is_ok() {
        return Vec::new();
    }
    let each = statements
        .iter()
        .zip(scripts)
        .filter_map(|(statement, script)| {
            let done = script.and_then(|script| server.script(&[script]));
            done.err()
                .map(|failure| (statement.subject.clone(), failure))
        });
    each.collect()
}

/// No text in it can end a statement that is prepared. A right makes no user that could not be made as it was.
fn prepared(statement: &Statement) -> Result<String> {
    if statement.text.len() > LONGEST {
        let length = statement.text.len();
        return Err(Failure::new(
            "too-long",
            format!("a statement of {length} bytes"),
        ));
    }
    let statement = String::from_utf8_lossy(&statement.text);
    Ok(format!(
        "/*M! SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_CREATE_USER' */;\nSET @statement = {};\nPREPARE statement FROM @statement;\nEXECUTE statement",
        text(&statement)
    ))
}
