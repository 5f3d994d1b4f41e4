//! The users that drills have made: what is exactly as a drill has left it goes again in the next one.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::facts::Facts;
use super::statement::Subject;
use crate::mysql::drill_notes::NOTES;
use crate::mysql::existing::has_table;
use crate::mysql::server::MysqlServer;
use crate::mysql::sql::{identifier, qualified, text};

const TABLE: &str = "users";
/// Of what is longer no digest can be asked for: it stays.
const LONGEST: usize = 40 << 10;

#[derive(Deserialize)]
struct Noted {
    subject: String,
    digest: String,
}

/// Drops what earlier drills have made and what has not changed since.
pub(super) fn drop_own(server: &MysqlServer, now: &Facts) -> Result<()> {
    if !has_table(server, NOTES, TABLE)? {
        return Ok(());
    }
    let notes = qualified(NOTES, TABLE);
    let noted: Vec<Noted> = server.query_lines(
        &format!("SELECT JSON_OBJECT('subject', subject, 'digest', digest) FROM {notes}"),
        "its own tables",
    )?;
    for subject in now.subjects() {
        let note = noted.iter().find(|note| note.subject == subject.quoted());
        let (Some(note), Some(kind), Some(digest)) = (note, subject.kind(), digest(now, subject))
        else {
            continue;
        };
        if server.query(&format!("SELECT {digest}"))? == note.digest {
            server.script(&[format!("DROP {kind} IF EXISTS {}", subject.quoted())])?;
        }
    }
    server.script(&[format!("DELETE FROM {notes}")])
}

/// Notes what this drill has made.
pub(super) fn note(server: &MysqlServer, made: &[Subject], now: &Facts) -> Result<()> {
    let mut statements = vec![
        format!("CREATE DATABASE IF NOT EXISTS {}", identifier(NOTES)),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (n INT AUTO_INCREMENT PRIMARY KEY, \
             subject VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
             digest CHAR(64) CHARACTER SET ascii NOT NULL)",
            qualified(NOTES, TABLE)
        ),
    ];
    for subject in made {
        if let Some(digest) = digest(now, subject) {
            statements.push(format!(
                "INSERT INTO {} (subject, digest) VALUES ({}, {digest})",
                qualified(NOTES, TABLE),
                text(&subject.quoted())
            ));
        }
    }
    server.script(&statements)
}

/// The expression whose value is the digest of all that makes it.
fn digest(now: &Facts, subject: &Subject) -> Option<String> {
    let all = now.text(subject)?;
    (all.len() <= LONGEST).then(|| format!("SHA2({}, 256)", text(&all)))
}
