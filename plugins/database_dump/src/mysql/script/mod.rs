//! A dump of a database, taken apart: the tables with their rows, which the client loads as they are, and
//! the definitions of views, routines, triggers and events, which must come one by one. Their code was
//! written by users: the client would look for the end of a statement in it, and find another one than the
//! server.

mod lexer;
mod statement;
mod tokens;

use std::io::{Read, Seek, SeekFrom};

use sidecar_sdk::restore::Part;
use sidecar_sdk::{Failure, Result};

use lexer::{Charset, Lexed, Lexer, Reading};
use statement::{Statement, classify};

pub(super) use statement::{Definition, Kind};
pub(super) use tokens::{Token, tokens};

/// What is in a dump.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Tables and rows: each range is loaded by itself.
    pub(super) data: Vec<Part>,
    /// The tables and sequences that are created.
    pub(super) tables: Vec<String>,
    pub(super) objects: Vec<Object>,
}

/// A definition, and the settings that it was made with.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) definition: Definition,
    /// The statement in the backup.
    pub(super) source: Part,
    pub(super) context: Context,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) sql_mode: String,
    pub(super) client_charset: String,
    pub(super) connection_collation: String,
    /// Empty if it is that of the restored database.
    pub(super) database_collation: String,
    pub(super) time_zone: String,
}

/// What stays in a definition as it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retained {
    pub(super) definers: bool,
    /// The database's name before the names of a trigger and of its table.
    pub(super) qualifiers: bool,
}

impl Object {
    /// The statement, which replaces what is there, without what is not retained.
    pub(super) fn statement(&self, retained: Retained) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        self.source.open().read_to_end(&mut text)?;
        let definition = &self.definition;
        let mut cuts = if retained.qualifiers {
            Vec::new()
        } else {
            definition.qualifiers.clone()
        };
        if let (Some((span, _)), false) = (&definition.definer, retained.definers) {
            cuts.push(span.clone());
        }
        cuts.sort_by_key(|cut| cut.start);
        for cut in cuts.into_iter().rev() {
            text.drain(cut);
        }
        let after = definition.created;
        text.splice(after..after, *b" OR REPLACE");
        Ok(text)
    }
}

impl Script {
    /// Takes the dump in `part` apart.
    pub(super) fn read(part: &Part) -> Result<Self> {
        Self::parse(part.open(), part)
    }

    fn parse(source: impl Read + Seek, part: &Part) -> Result<Self> {
        let mut source = source;
        source.seek(SeekFrom::Start(0))?;
        let mut lexer = Lexer::new(source);
        let mut reader = Reader::default();
        while let Some(lexed) = lexer.next(&reader.reading)? {
            reader.take(&lexed, part)?;
        }
        reader.end_data(part);
        Ok(reader.script)
    }
}

/// The statements of a text without code, each without its delimiter.
pub(super) fn texts(text: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut lexer = Lexer::new(text);
    let mut texts = Vec::new();
    while let Some(lexed) = lexer.next(&Reading::default())? {
        let place = |position: u64| usize::try_from(position).unwrap_or(text.len());
        texts.push(text[place(lexed.start)..place(lexed.end)].to_vec());
    }
    Ok(texts)
}

#[derive(Default)]
struct Reader {
    reading: Reading,
    context: Context,
    script: Script,
    /// The range of tables and rows that is being read, up to its last statement, and whether it has any.
    data: Option<(u64, u64, bool)>,
}

impl Reader {
    fn take(&mut self, lexed: &Lexed, part: &Part) -> Result<()> {
        let statement = classify(&lexed.head, self.reading.ansi_quotes);
        if !matches!(statement, Statement::Delimiter(_)) && lexed.next == lexed.end {
            return Err(not_understood(lexed, "it has no end"));
        }
        match statement {
            Statement::Setting => self.extend(lexed, false),
            Statement::Data(created) => {
                self.script.tables.extend(created);
                self.extend(lexed, true);
            }
            Statement::Passed => self.end_data(part),
            Statement::Delimiter(delimiter) => {
                if !matches!(delimiter.as_slice(), b";" | b";;") {
                    return Err(not_understood(lexed, "it sets another delimiter"));
                }
                self.end_data(part);
                self.reading.delimiter = delimiter;
            }
            Statement::Context(variable, value) => {
                self.end_data(part);
                self.set(&variable, value);
            }
            Statement::DatabaseCollation(collation) => {
                self.end_data(part);
                self.context.database_collation = collation;
            }
            Statement::Definition(definition) => {
                self.end_data(part);
                self.script.objects.push(Object {
                    definition,
                    source: range(part, lexed.start, lexed.end),
                    context: self.context.clone(),
                });
            }
            Statement::Unknown => return Err(not_understood(lexed, "it is of no known kind")),
        }
        Ok(())
    }

    fn set(&mut self, variable: &str, value: String) {
        match variable {
            "sql_mode" => {
                let has = |mode: &str| value.split(',').any(|word| word == mode);
                self.reading.ansi_quotes = has("ANSI_QUOTES");
                self.reading.no_escapes = has("NO_BACKSLASH_ESCAPES");
                self.context.sql_mode = value;
            }
            "character_set_client" => {
                self.reading.charset = Charset::named(&value);
                self.context.client_charset = value;
            }
            "collation_connection" => self.context.connection_collation = value,
            "time_zone" => self.context.time_zone = value,
            _ => {}
        }
    }

    fn extend(&mut self, lexed: &Lexed, is_data: bool) {
        let (from, _, has_data) = self.data.unwrap_or((lexed.start, 0, false));
        self.data = Some((from, lexed.next, has_data || is_data));
    }

    fn end_data(&mut self, part: &Part) {
        if let Some((from, to, true)) = self.data.take() {
            self.script.data.push(range(part, from, to));
        }
    }
}

fn range(part: &Part, from: u64, to: u64) -> Part {
    Part {
        name: part.name.clone(),
        offset: part.offset + from,
        length: to - from,
    }
}

fn not_understood(lexed: &Lexed, why: &str) -> Failure {
    let shown = String::from_utf8_lossy(&lexed.head[..lexed.head.len().min(60)]).into_owned();
    Failure::new(
        "dump-not-understood",
        format!("the statement at byte {} of the dump cannot be told apart from code, {why}: {shown}", lexed.start),
    )
    .hint("was it written by another program than mysqldump or mariadb-dump? sidecar fetch --only NAME gives it to you for a client of your own")
}

#[cfg(test)]
mod tests;
