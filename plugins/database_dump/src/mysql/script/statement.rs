//! What a statement of a dump is, by how the dump tools write it.

use super::tokens::{Token, first_tokens};

/// A kind of object whose definition is code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::mysql) enum Kind {
    /// Packages and their bodies are routines of their own kinds.
    Package,
    PackageBody,
    Function,
    Procedure,
    View,
    Trigger,
    Event,
}

/// A definition: the statement, and where the pieces lie that a restore may have to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mysql) struct Definition {
    pub(in crate::mysql) kind: Kind,
    pub(in crate::mysql) name: String,
    /// After `CREATE`.
    pub(in crate::mysql) created: usize,
    /// `DEFINER=…`, and the account in it.
    pub(in crate::mysql) definer: Option<(std::ops::Range<usize>, String)>,
    /// The names of a database before the names of a trigger and of its table.
    pub(in crate::mysql) qualifiers: Vec<std::ops::Range<usize>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// Part of the tables and their rows; with the name of a table or sequence that it creates.
    Data(Option<String>),
    /// Sets what the statements around it need.
    Setting,
    /// Sets what the definition that follows needs: variable and value.
    Context(String, String),
    Delimiter(Vec<u8>),
    /// The collation of the database when the definition that follows was made.
    DatabaseCollation(String),
    Definition(Definition),
    /// Prepares a view, or drops what a definition replaces.
    Passed,
    Unknown,
}

impl Kind {
    /// As SQL has it.
    pub(in crate::mysql) fn word(self) -> &'static str {
        match self {
            Self::Package => "PACKAGE",
            Self::PackageBody => "PACKAGE BODY",
            Self::Function => "FUNCTION",
            Self::Procedure => "PROCEDURE",
            Self::View => "VIEW",
            Self::Trigger => "TRIGGER",
            Self::Event => "EVENT",
        }
    }
}

/// No name or keyword that matters comes after these.
const MOST: usize = 40;

pub(super) fn classify(head: &[u8], ansi_quotes: bool) -> Statement {
    if let Some(delimiter) = head.strip_prefix(b"DELIMITER ") {
        return Statement::Delimiter(delimiter.trim_ascii().to_vec());
    }
    let tokens = first_tokens(head, ansi_quotes, MOST);
    // Of a comment that the whole statement is in.
    let version = tokens.first().filter(|token| token.is_version);
    let version = version.map(|token| token.text.as_str());
    let code: Vec<&Token> = tokens.iter().filter(|token| !token.is_version).collect();
    let words: Vec<String> = code
        .iter()
        .take(4)
        .map(|token| token.text.to_ascii_uppercase())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let name = |at: usize| code.get(at).map(|token| token.text.clone());
    match (version, words.as_slice()) {
        // A view is prepared as a table that looks like it, or as a view of constants.
        (Some("50001"), ["CREATE", "TABLE", ..]) => Statement::Passed,
        (Some("50001"), ["CREATE", "VIEW", ..]) => Statement::Passed,
        (None, ["CREATE", "TABLE" | "SEQUENCE", ..]) => Statement::Data(name(2)),
        (None, ["INSERT", "INTO" | "IGNORE", ..] | ["UNLOCK", "TABLES"]) => Statement::Data(None),
        (None, ["LOCK", "TABLES", ..] | ["DO" | "SELECT", "SETVAL", ..]) => Statement::Data(None),
        (Some("40000"), ["ALTER", "TABLE", ..]) => Statement::Data(None),
        (None, ["DROP", "TABLE" | "SEQUENCE", "IF", "EXISTS"]) => Statement::Setting,
        (_, ["CREATE", ..]) => definition(&code).map_or(Statement::Unknown, Statement::Definition),
        (_, ["SET", ..]) => setting(version, &code),
        (_, ["DROP", _, ..]) => Statement::Passed,
        (None, ["ALTER", "DATABASE", ..]) => match code.last() {
            Some(collation) => Statement::DatabaseCollation(collation.text.clone()),
            None => Statement::Unknown,
        },
        _ => Statement::Unknown,
    }
}

fn setting(version: Option<&str>, code: &[&Token]) -> Statement {
    let text = |at: usize| code.get(at).map(|token| token.text.as_str());
    match (version, text(1), text(2), text(3)) {
        // What the head has saved is given back.
        (_, _, Some("="), Some("@")) if text(4).is_some_and(|name| name.starts_with("OLD_")) => {
            Statement::Passed
        }
        (None | Some("50001" | "50003" | "50106"), Some("@"), ..) => Statement::Passed,
        (None | Some("50001" | "50003" | "50106"), Some(variable), Some("="), Some(value)) => {
            let value = match value {
                "@" => "",
                value => value,
            };
            Statement::Context(variable.to_ascii_lowercase(), value.to_owned())
        }
        (Some(_), ..) => Statement::Setting,
        _ => Statement::Unknown,
    }
}

/// `CREATE [ALGORITHM=…] [DEFINER=…] [SQL SECURITY …] KIND [IF NOT EXISTS] [database.]name …`.
fn definition(code: &[&Token]) -> Option<Definition> {
    let created = code.first()?.span.end;
    let word = |at: usize| code.get(at).map(|token| token.word());
    let mut definer = None;
    let mut at = 1;
    let kind = loop {
        match word(at)?.as_str() {
            // SQL SECURITY DEFINER
            "DEFINER" if word(at + 1)? != "=" => at += 1,
            "DEFINER" => {
                let from = code.get(at)?.span.start;
                let (user, sign) = (code.get(at + 2)?, code.get(at + 3)?);
                let (end, account) = if sign.text == "@" && !sign.quoted {
                    let host = code.get(at + 4)?;
                    (at + 4, format!("{}@{}", user.text, host.text))
                } else {
                    (at + 2, user.text.clone())
                };
                definer = Some((from..code.get(end)?.span.end, account));
                at = end + 1;
            }
            "TRIGGER" => break Kind::Trigger,
            "EVENT" => break Kind::Event,
            "PROCEDURE" => break Kind::Procedure,
            "FUNCTION" => break Kind::Function,
            "VIEW" => break Kind::View,
            "PACKAGE" if word(at + 1)? == "BODY" => {
                at += 1;
                break Kind::PackageBody;
            }
            "PACKAGE" => break Kind::Package,
            "ALGORITHM" | "=" | "UNDEFINED" | "MERGE" | "TEMPTABLE" | "SQL" | "SECURITY"
            | "INVOKER" | "AGGREGATE" => at += 1,
            _ => return None,
        }
    };
    at += 1;
    if word(at)? == "IF" && word(at + 1)? == "NOT" && word(at + 2)? == "EXISTS" {
        at += 3;
    }
    let mut qualifiers = Vec::new();
    let mut unqualified = |at: &mut usize| -> Option<String> {
        if word(*at + 1)? == "." && !code.get(*at + 1)?.quoted {
            qualifiers.push(code.get(*at)?.span.start..code.get(*at + 2)?.span.start);
            *at += 2;
        }
        Some(code.get(*at)?.text.clone())
    };
    let name = unqualified(&mut at)?;
    if kind == Kind::Trigger {
        // BEFORE INSERT ON [database.]table
        at += 1;
        while word(at)? != "ON" {
            at += 1;
        }
        at += 1;
        unqualified(&mut at)?;
    }
    Some(Definition {
        kind,
        name,
        created,
        definer,
        qualifiers,
    })
}
