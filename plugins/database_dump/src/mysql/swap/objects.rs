//! Definitions, retained as bytes in a table and executed from there by the server: no client looks for the end
//! of a statement in them, and a prepared statement is never more than one.

use serde::Deserialize;
use sidecar_sdk::{Failure, Result};

use super::names::SwapNames;
use crate::mysql::drill_notes;
use crate::mysql::script::{Kind, Object, Retained};
use crate::mysql::server::MysqlServer;
use crate::mysql::sql::{hex, identifier, text};

/// Bytes of a definition in one statement.
const CHUNK: usize = 24 << 10;

/// A definition that was stored.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub(in crate::mysql) struct StoredObject {
    pub(in crate::mysql) n: u64,
    pub(in crate::mysql) kind: String,
    pub(in crate::mysql) name: String,
    pub(in crate::mysql) database_collation: String,
}

/// Stores the definitions of a backup.
pub(in crate::mysql) fn store_objects(
    server: &MysqlServer,
    names: &SwapNames,
    objects: &[Object],
    retained: Retained,
) -> Result<()> {
    let mut statements = Vec::new();
    if let Some(mark) = drill_notes::mark() {
        let values = [
            Kind::Procedure.word(),
            drill_notes::MARK,
            "",
            "",
            "",
            "",
            "",
        ]
        .map(text);
        statements.push(insert(
            names,
            objects.len(),
            format!("CREATE OR REPLACE {mark}").as_bytes(),
            &values,
        ));
    }
    for (n, object) in objects.iter().enumerate() {
        let statement = object.statement(retained)?;
        let mut chunks = statement.chunks(CHUNK);
        let context = &object.context;
        let values = [
            object.definition.kind.word(),
            &object.definition.name,
            &context.sql_mode,
            &context.client_charset,
            &context.connection_collation,
            &context.database_collation,
            &context.time_zone,
        ];
        let first = chunks.next().unwrap_or_default();
        statements.push(insert(names, n, first, &values.map(text)));
        for chunk in chunks {
            statements.push(format!(
                "UPDATE {} SET definition = CONCAT(definition, X'{}') WHERE n = {n}",
                names.objects(),
                hex(chunk)
            ));
        }
    }
    server.script(&statements)
}

fn insert(names: &SwapNames, n: usize, definition: &[u8], values: &[String]) -> String {
    format!(
        "INSERT INTO {} (n, is_live, definition, kind, name, sql_mode, client_charset, connection_collation, \
         database_collation, time_zone) VALUES ({n}, 0, X'{}', {})",
        names.objects(),
        hex(definition),
        values.join(", ")
    )
}

/// What is stored of these kinds, in the order of the backup.
pub(in crate::mysql) fn stored_objects(
    server: &MysqlServer,
    names: &SwapNames,
    kinds: &[Kind],
    is_live: bool,
) -> Result<Vec<StoredObject>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| text(kind.word())).collect();
    server.query_lines(
        &format!(
            "SELECT JSON_OBJECT('n', n, 'kind', kind, 'name', name, 'database_collation', database_collation) \
             FROM {} WHERE is_live = {} AND kind IN ({}) ORDER BY n",
            names.objects(),
            u8::from(is_live),
            kinds.join(", ")
        ),
        "its own tables",
    )
}

/// The statements that execute a definition in `database`.
pub(super) fn statements(names: &SwapNames, object: &StoredObject, database: &str) -> Vec<String> {
    let mut statements = vec![
        format!("USE {}", identifier(database)),
        "SET @mode = @@sql_mode, @client = @@character_set_client, @collation = @@collation_connection, @zone = @@time_zone".to_owned(),
        format!(
            "SELECT definition, sql_mode, client_charset, connection_collation, time_zone \
             INTO @definition, @its_mode, @its_client, @its_collation, @its_zone FROM {} WHERE n = {}",
            names.objects(),
            object.n
        ),
        "SET sql_mode = @its_mode, character_set_client = IF(@its_client = '', @client, @its_client), \
         collation_connection = IF(@its_collation = '', @collation, @its_collation), \
         time_zone = IF(@its_zone = '', @zone, @its_zone)"
            .to_owned(),
        "PREPARE definition FROM @definition".to_owned(),
        "EXECUTE definition".to_owned(),
        "SET sql_mode = @mode, character_set_client = @client, collation_connection = @collation, time_zone = @zone"
            .to_owned(),
        "DEALLOCATE PREPARE definition".to_owned(),
    ];
    if !object.database_collation.is_empty() {
        // An object remembers the collation that its database had when it was made.
        let alter = |collation: &str| {
            format!(
                "ALTER DATABASE {} COLLATE {collation}",
                identifier(database)
            )
        };
        statements.insert(1, alter(&identifier(&object.database_collation)));
    }
    statements
}

/// Executes a definition in `database`.
pub(in crate::mysql) fn run_object(
    server: &MysqlServer,
    names: &SwapNames,
    object: &StoredObject,
    database: &str,
) -> Result<()> {
    server
        .script(&statements(names, object, database))
        .map_err(|failure| {
            let what = object.kind.to_lowercase();
            Failure {
                message: format!(
                    "the {what} {} of {database} could not be made: {}",
                    object.name, failure.message
                ),
                ..failure
            }
        })
}
