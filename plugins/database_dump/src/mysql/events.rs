//! Events that the dump tool cannot save: with `;;` in one, it looks for another delimiter for minutes, and finds none. Then
//! all events of the database are written here, as it would write them.

use serde::Deserialize;
use sidecar_sdk::{Failure, Result};

use super::server::{MysqlProperties, MysqlServer};
use super::sql::{identifier, is_named, literal, text};
use crate::coverage::{Content, Gap};
use crate::layout::Database;

#[derive(Deserialize)]
struct Event {
    name: String,
    mode: String,
    zone: String,
    charset: String,
    connection: String,
    /// The collation of the database when it was made.
    database: String,
}

/// Whether the dump tool cannot save the events of a database.
pub(super) fn are_awkward(server: &MysqlServer, database: &str) -> Result<bool> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.EVENTS WHERE {} \
         AND CONCAT_WS(' ', EVENT_NAME, DEFINER, EVENT_COMMENT, EVENT_DEFINITION) LIKE '%;;%'",
        is_named("EVENT_SCHEMA", database)
    );
    Ok(server.query(&sql)? != "0")
}

/// The gap of a database with events that can be written in no way.
pub(super) fn gap(server: &MysqlServer, database: &str) -> Result<Option<Gap>> {
    if !are_awkward(server, database)? {
        return Ok(None);
    }
    for event in events(server, database)? {
        if !event.is_exact(&definition(server, database, &event)?) {
            return Ok(Some(Gap::new(
                Content::Events,
                format!("the events of {database}"),
                format!(
                    "the dump tool cannot save an event with \";;\" in it, and {} is written in {}",
                    event.name, event.charset
                ),
                "write the events with character_set_client = utf8mb4, or without \";;\"",
            )));
        }
    }
    Ok(None)
}

/// The events of a database, as a part of its dump.
pub(super) fn dump(server: &MysqlServer, database: &Database<MysqlProperties>) -> Result<String> {
    let Database { name, properties } = database;
    let mut dump =
        "\n--\n-- Events\n--\n/*!50106 SET @save_time_zone= @@TIME_ZONE */ ;\n".to_owned();
    for event in events(server, name)? {
        let definition = definition(server, name, &event)?;
        let alter = |collation: &str| {
            let charset = collation.split('_').next().unwrap_or(collation);
            let name = identifier(name);
            match event.database == properties.collation {
                true => String::new(),
                false => {
                    format!("ALTER DATABASE {name} CHARACTER SET {charset} COLLATE {collation} ;\n")
                }
            }
        };
        dump.push_str(&format!(
            "/*!50106 DROP EVENT IF EXISTS {} */;\n{}DELIMITER ;;\n\
             /*!50003 SET @saved_cs_client      = @@character_set_client */ ;;\n\
             /*!50003 SET @saved_cs_results     = @@character_set_results */ ;;\n\
             /*!50003 SET @saved_col_connection = @@collation_connection */ ;;\n\
             /*!50003 SET character_set_client  = {charset} */ ;;\n\
             /*!50003 SET character_set_results = {charset} */ ;;\n\
             /*!50003 SET collation_connection  = {} */ ;;\n\
             /*!50003 SET @saved_sql_mode       = @@sql_mode */ ;;\n\
             /*!50003 SET sql_mode              = {} */ ;;\n\
             /*!50003 SET @saved_time_zone      = @@time_zone */ ;;\n\
             /*!50003 SET time_zone             = {} */ ;;\n\
             {definition} ;;\n\
             /*!50003 SET time_zone             = @saved_time_zone */ ;;\n\
             /*!50003 SET sql_mode              = @saved_sql_mode */ ;;\n\
             /*!50003 SET character_set_client  = @saved_cs_client */ ;;\n\
             /*!50003 SET character_set_results = @saved_cs_results */ ;;\n\
             /*!50003 SET collation_connection  = @saved_col_connection */ ;;\n\
             DELIMITER ;\n{}",
            identifier(&event.name),
            alter(&event.database),
            event.connection,
            literal(&event.mode),
            literal(&event.zone),
            alter(&properties.collation),
            charset = event.charset,
        ));
    }
    dump.push_str("/*!50106 SET TIME_ZONE= @save_time_zone */ ;\n");
    Ok(dump)
}

impl Event {
    /// Whether the bytes of its text are the same in UTF-8 and as it was written.
    fn is_exact(&self, definition: &str) -> bool {
        self.charset.starts_with("utf8") || definition.is_ascii()
    }
}

fn events(server: &MysqlServer, database: &str) -> Result<Vec<Event>> {
    server.query_lines(
        &format!(
            "SELECT JSON_OBJECT('name', EVENT_NAME, 'mode', SQL_MODE, 'zone', TIME_ZONE, 'charset', CHARACTER_SET_CLIENT, \
             'connection', COLLATION_CONNECTION, 'database', DATABASE_COLLATION) \
             FROM information_schema.EVENTS WHERE {} ORDER BY EVENT_NAME",
            is_named("EVENT_SCHEMA", database)
        ),
        database,
    )
}

/// The statement that makes an event, as its own SQL mode quotes it.
fn definition(server: &MysqlServer, database: &str, event: &Event) -> Result<String> {
    let shown = server.query(&format!(
        "SET SESSION sql_mode = {}; SHOW CREATE EVENT {}.{}",
        text(&event.mode),
        identifier(database),
        identifier(&event.name)
    ))?;
    let before = [&event.name, &event.mode, &event.zone];
    let mut rest = Some(shown.as_str());
    for field in before {
        rest = rest
            .and_then(|rest| rest.strip_prefix(field.as_str()))
            .and_then(|rest| rest.strip_prefix('\t'));
    }
    // Its character set and its two collations come after it.
    let definition = rest.and_then(|rest| rest.rsplitn(4, '\t').nth(3));
    definition.map(str::to_owned).ok_or_else(|| {
        Failure::new(
            "unexpected-answer",
            format!(
                "the server's definition of {} cannot be understood",
                event.name
            ),
        )
    })
}
