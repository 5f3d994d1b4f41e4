//! The statements of a part `globals`: whom each is about, and what of it is executed. What no dump tool writes there is
//! refused.

use std::fmt;

use sidecar_sdk::{Failure, Result};

use crate::mysql::script::{Token, texts, tokens};
use crate::mysql::sql::{identifier, literal};

/// What a statement makes or changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Account {
        user: String,
        host: String,
    },
    Role(String),
    /// What everyone may do.
    Public,
    /// `CREATE SERVER`.
    Server(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    CreateUser,
    CreateRole,
    CreateServer,
    /// Makes its subject a member of this role.
    Membership(Subject),
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) subject: Subject,
    pub(super) action: Action,
    pub(super) text: Vec<u8>,
    /// Its words, for a comparison: the same for every spelling.
    pub(super) words: Vec<String>,
}

/// The dump tool has roles belong to this one while they are loaded.
const IMPORT_ROLE: &str = "mariadb_dump_import_role";

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { user, host } => write!(f, "{user}@{host}"),
            Self::Role(name) => write!(f, "the role {name}"),
            Self::Public => f.write_str("PUBLIC"),
            Self::Server(name) => write!(f, "the foreign server {name}"),
        }
    }
}

impl Subject {
    /// As SQL has it.
    pub(super) fn quoted(&self) -> String {
        match self {
            Self::Account { user, host } => format!("{}@{}", identifier(user), identifier(host)),
            Self::Role(name) | Self::Server(name) => identifier(name),
            Self::Public => "PUBLIC".to_owned(),
        }
    }

    /// The kind of thing that it is, as SQL has it; none for what is always there.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Account { .. } => Some("USER"),
            Self::Role(_) => Some("ROLE"),
            Self::Server(_) => Some("SERVER"),
            Self::Public => None,
        }
    }
}

impl Statement {
    /// Whether it says how an account is authenticated.
    pub(super) fn authenticates(&self) -> bool {
        self.words.iter().any(|word| word == "IDENTIFIED")
    }

    /// What makes something that is there already like what this statement creates.
    pub(super) fn altering(&self) -> Vec<Vec<u8>> {
        match self.action {
            Action::CreateUser => {
                let name = self.subject.quoted();
                let attributes = tokens(&self.text, false);
                let from = attributes
                    .iter()
                    .position(|token| ATTRIBUTES.contains(&token.word().as_str()));
                let rest = from.map_or(&[][..], |at| &self.text[attributes[at].span.start..]);
                let reset = format!("ALTER USER {name}{}", self.reset());
                vec![
                    [format!("ALTER USER {name} ").as_bytes(), rest].concat(),
                    reset.into_bytes(),
                ]
            }
            Action::CreateServer => {
                let all = tokens(&self.text, false);
                let from = all.iter().position(|token| token.word() == "FOREIGN");
                let rest = from.map_or(&[][..], |at| &self.text[all[at].span.start..]);
                let create = format!("CREATE OR REPLACE SERVER {} ", self.subject.quoted());
                vec![[create.as_bytes(), rest].concat()]
            }
            _ => vec![self.text.clone()],
        }
    }

    /// What an account does not have that is created without it.
    fn reset(&self) -> String {
        let has = |word: &str| self.words.iter().any(|found| found == word);
        let mut clauses = String::new();
        if !has("REQUIRE") {
            clauses += " REQUIRE NONE";
        }
        let limits = [
            "MAX_QUERIES_PER_HOUR",
            "MAX_UPDATES_PER_HOUR",
            "MAX_CONNECTIONS_PER_HOUR",
            "MAX_USER_CONNECTIONS",
        ];
        let missing = limits.iter().filter(|limit| !has(limit));
        let missing: Vec<String> = missing.map(|limit| format!("{limit} 0")).collect();
        if !missing.is_empty() {
            clauses += &format!(" WITH {}", missing.join(" "));
        }
        if !has("ACCOUNT") {
            clauses += " ACCOUNT UNLOCK";
        }
        if !has("EXPIRE") {
            clauses += " PASSWORD EXPIRE DEFAULT";
        }
        clauses
    }
}

/// The words after the name of a user.
const ATTRIBUTES: [&str; 7] = [
    "IDENTIFIED",
    "REQUIRE",
    "WITH",
    "ACCOUNT",
    "PASSWORD",
    "DEFAULT",
    "ATTRIBUTE",
];

/// Reads a part `globals`.
pub(super) fn read(text: &[u8]) -> Result<Vec<Statement>> {
    let mut statements = Vec::new();
    for text in texts(text)? {
        // Of a server that reads no comments of MariaDB.
        if !text.starts_with(b"/*!8") {
            statements.extend(statement(text)?);
        }
    }
    Ok(statements)
}

fn statement(text: Vec<u8>) -> Result<Option<Statement>> {
    let all: Vec<Token> = tokens(&text, false)
        .into_iter()
        .filter(|token| !token.is_version)
        .collect();
    let words: Vec<String> = all.iter().map(Token::word).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let after = |word: &str| words.iter().position(|found| *found == word);
    let is_import = |at: usize| all.get(at).is_some_and(|token| token.text == IMPORT_ROLE);
    let name = |at: usize| all.get(at).map(|token| token.text.clone());
    // After IF NOT EXISTS.
    let created = if words.get(2..5) == Some(&["IF", "NOT", "EXISTS"]) {
        5
    } else {
        2
    };
    let found = match words.as_slice() {
        ["CREATE", "USER", ..] => account(&all, created).map(|who| (who, Action::CreateUser)),
        ["CREATE" | "DROP", "ROLE", ..] if is_import(created) => return Ok(None),
        ["CREATE", "ROLE", ..] => {
            let role = name(created).map(Subject::Role);
            role.map(|role| (role, Action::CreateRole))
        }
        ["CREATE", "SERVER", ..] => {
            let server = name(created).map(Subject::Server);
            server.map(|server| (server, Action::CreateServer))
        }
        ["GRANT", ..] if is_import(1) => return Ok(None),
        ["GRANT", ..] => after("TO").and_then(|to| {
            let action = match words[..to].contains(&"ON") {
                true => Action::Other,
                false => Action::Membership(account(&all, 1)?),
            };
            Some((account(&all, to + 1)?, action))
        }),
        ["REVOKE", ..] => {
            after("FROM").and_then(|from| Some((account(&all, from + 1)?, Action::Other)))
        }
        ["ALTER", "USER", ..] => account(&all, 2).map(|who| (who, Action::Other)),
        ["SET", "DEFAULT", "ROLE", ..] => {
            after("FOR").and_then(|word| Some((account(&all, word + 1)?, Action::Other)))
        }
        // Settings of the session that loads it, and of the role that it uses meanwhile.
        [] | ["SET", ..] | ["SELECT", "COALESCE", ..] | ["EXECUTE", "IMMEDIATE", ..] => {
            return Ok(None);
        }
        _ => None,
    };
    let Some((subject, action)) = found else {
        return Err(not_understood(&text));
    };
    let words = match action {
        Action::CreateRole => Vec::new(),
        _ => normal(&all, action != Action::Other && created == 5),
    };
    let text = match action {
        Action::CreateRole => {
            format!("CREATE ROLE IF NOT EXISTS {}", subject.quoted()).into_bytes()
        }
        _ => text,
    };
    Ok(Some(Statement {
        subject,
        action,
        text,
        words,
    }))
}

/// An account or a role at this place.
fn account(tokens: &[Token], at: usize) -> Option<Subject> {
    let user = tokens.get(at)?;
    let sign = tokens.get(at + 1);
    if sign.is_some_and(|sign| !sign.quoted && sign.text == "@") {
        let host = tokens.get(at + 2)?.text.to_lowercase();
        let user = user.text.clone();
        return Some(Subject::Account { user, host });
    }
    match user.word().as_str() {
        "PUBLIC" => Some(Subject::Public),
        "CURRENT_USER" => None,
        _ => Some(Subject::Role(user.text.clone())),
    }
}

fn normal(tokens: &[Token], without_condition: bool) -> Vec<String> {
    let tokens = tokens.iter().enumerate();
    let tokens = tokens.filter(|(at, _)| !(without_condition && (2..5).contains(at)));
    tokens
        .map(|(_, token)| match token.quoted {
            true => literal(&token.text),
            false => token.word(),
        })
        .collect()
}

fn not_understood(text: &[u8]) -> Failure {
    // No further: a password may come.
    let text = String::from_utf8_lossy(text);
    let first: Vec<&str> = text.split_whitespace().take(2).collect();
    Failure::new(
        "dump-not-understood",
        format!(
            "the users of the backup have a statement that no dump tool writes: {} …",
            first.join(" ")
        ),
    )
    .hint("sidecar fetch --only globals gives them to you for a client of your own")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn account(user: &str, host: &str) -> Subject {
        Subject::Account {
            user: user.to_owned(),
            host: host.to_owned(),
        }
    }

    /// As `mariadb-dump` 10.11 writes them.
    const DUMP: &str = include_str!("globals.sql");

    #[test]
    fn each_statement_tells_whom_it_is_about() {
        let statements = read(DUMP.as_bytes()).unwrap();
        let app = account("app", "%");
        let of_app: Vec<&Statement> = statements.iter().filter(|one| one.subject == app).collect();
        assert_eq!(of_app.len(), 7, "{of_app:#?}");
        let role = Subject::Role("r".to_owned());
        assert_eq!(of_app[1].action, Action::Membership(role.clone()));
        let odd = account("it's \"\\\\ x", "localhost");
        assert_eq!(
            statements.iter().filter(|one| one.subject == odd).count(),
            4
        );
        let created = statements
            .iter()
            .find(|one| one.action == Action::CreateRole)
            .unwrap();
        assert_eq!(created.subject, role);
        assert_eq!(created.text, b"CREATE ROLE IF NOT EXISTS `r`");
        let server = statements.last().unwrap();
        assert_eq!(server.subject, Subject::Server("s".to_owned()));
        let text = |statement: &Statement| String::from_utf8_lossy(&statement.text).into_owned();
        assert!(!statements.iter().any(|one| text(one).contains(IMPORT_ROLE)));
    }

    #[test]
    fn what_is_there_is_made_like_it_and_loses_what_it_has_not() {
        let statements = read(b"CREATE USER IF NOT EXISTS `a`@`%` IDENTIFIED BY PASSWORD '*X' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 5;").unwrap();
        let altering = statements[0].altering();
        let altering: Vec<&str> = altering
            .iter()
            .map(|one| std::str::from_utf8(one).unwrap())
            .collect();
        assert_eq!(
            altering,
            [
                "ALTER USER `a`@`%` IDENTIFIED BY PASSWORD '*X' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 5",
                "ALTER USER `a`@`%` WITH MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 0 ACCOUNT UNLOCK PASSWORD EXPIRE DEFAULT",
            ]
        );
    }

    #[test]
    fn spellings_do_not_matter_and_other_statements_are_refused() {
        let one = read(b"GRANT SELECT ON `a`.* TO 'x'@'LOCALHOST';").unwrap();
        let other = read(b"grant select ON 'a'.* TO `x`@`LOCALHOST`;").unwrap();
        assert_eq!(
            (&one[0].subject, &one[0].words),
            (&other[0].subject, &other[0].words)
        );
        for text in [
            "DROP USER x;",
            "CREATE PROCEDURE p() SELECT 1;",
            "INSERT INTO mysql.user VALUES (1);",
            "ALTER TABLE t ADD c INT;",
        ] {
            assert_eq!(
                read(text.as_bytes()).unwrap_err().code,
                "dump-not-understood",
                "{text}"
            );
        }
    }
}
