//! Which entries of an archive a restore within the database leaves out: schemas that stay, because an extension lives in
//! them, and comments on extensions, which are not the archive's to set. The list of an archive shows names without
//! quotes: it only says which entries may be meant, and the definition of each says what it is.

use sidecar_sdk::Result;

use super::command_lines::{CANDIDATES, ENTRY};
use super::database_restore::DatabaseRestore;

/// The entry whose definition is asked for, by its number.
pub(super) const ENTRY_NUMBER: &str = "SIDE_CAR_ENTRY";

/// What may have to be left out.
#[derive(Debug, PartialEq, Eq)]
struct Candidate<'a> {
    number: &'a str,
    kind: Kind<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// What follows is the name, a space and the owner.
    Schema(&'a str),
    Comment,
}

/// The numbers of the entries that are left out. The archive was laid out before.
pub(super) fn entries(job: &DatabaseRestore<'_>, staying: &[String]) -> Result<Vec<String>> {
    let client = &job.server.client;
    let list = client.capture_lossy(&client.command(CANDIDATES))?;
    let mut left_out = Vec::new();
    for Candidate { number, kind } in list.lines().filter_map(candidate) {
        let goes = match kind {
            Kind::Schema(shown) if !staying.iter().any(|name| may_show(shown, name)) => false,
            Kind::Schema(_) => {
                let schema = created_schema(&definition(job, number)?);
                schema.is_some_and(|schema| staying.contains(&schema))
            }
            Kind::Comment => is_on_extension(&definition(job, number)?),
        };
        if goes {
            left_out.push(number.to_owned());
        }
    }
    Ok(left_out)
}

fn definition(job: &DatabaseRestore<'_>, number: &str) -> Result<String> {
    let client = &job.server.client;
    client.capture_lossy(&client.command(ENTRY).env(ENTRY_NUMBER, number))
}

/// Reads a line of the list: "7; 2615 16400 SCHEMA - NAME OWNER".
fn candidate(line: &str) -> Option<Candidate<'_>> {
    let (number, rest) = line.split_once("; ")?;
    let kind = match rest.strip_prefix("0 0 COMMENT - EXTENSION ") {
        Some(_) => Kind::Comment,
        None => {
            let (_, shown) = rest.strip_prefix("2615 ")?.split_once(" SCHEMA - ")?;
            Kind::Schema(shown)
        }
    };
    Some(Candidate { number, kind })
}

/// Whether the list may show this name so, with its owner behind it.
fn may_show(shown: &str, name: &str) -> bool {
    let name = name.replace(['\n', '\r'], " ");
    let owner = shown.strip_prefix(&name);
    owner.is_some_and(|owner| owner.starts_with(' '))
}

/// The schema that a definition makes. Before its first statement there are only comments and settings.
fn created_schema(definition: &str) -> Option<String> {
    const MADE_BY_INITDB: &str = "\n-- *not* creating schema, since initdb creates it\n";
    const CREATE: &str = "\nCREATE SCHEMA ";
    let Some(at) = definition.find(CREATE) else {
        return definition
            .contains(MADE_BY_INITDB)
            .then(|| "public".to_owned());
    };
    let name = &definition[at + CREATE.len()..];
    let Some(quoted) = name.strip_prefix('"') else {
        return name.split(';').next().map(str::to_owned);
    };
    let mut read = String::new();
    let mut characters = quoted.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if characters.next_if_eq(&'"').is_none() => return Some(read),
            character => read.push(character),
        }
    }
    None
}

fn is_on_extension(definition: &str) -> bool {
    let at = definition.find("\nCOMMENT ON ");
    at.is_some_and(|at| definition[at..].starts_with("\nCOMMENT ON EXTENSION "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_only_says_which_entry_may_be_meant() {
        let line = "7; 2615 16400 SCHEMA - public x app";
        let shown = Kind::Schema("public x app");
        let found = candidate(line).map(|found| (found.number, found.kind));
        assert_eq!(found, Some(("7", shown)));
        assert_eq!(candidate("8; 1259 16402 TABLE - SCHEMA - t app"), None);
        assert!(may_show("public x app", "public") && may_show("public x app", "public x"));
        assert!(may_show("a b app", "a\nb") && !may_show("publicity app", "public"));
    }

    #[test]
    fn a_definition_says_which_schema_it_makes() {
        let of = |create: &str| {
            created_schema(&format!(
                "SET row_security = off;\n\n--\n-- Name: CREATE SCHEMA public;\n--\n\n{create}\n\n\nALTER SCHEMA x;\n"
            ))
        };
        assert_eq!(of("CREATE SCHEMA public;").as_deref(), Some("public"));
        let odd = "CREATE SCHEMA \"public x\"\"\n;CREATE SCHEMA public\";";
        let name = "public x\"\n;CREATE SCHEMA public";
        assert_eq!(of(odd).as_deref(), Some(name));
        let initdb = "-- *not* creating schema, since initdb creates it";
        assert_eq!(of(initdb).as_deref(), Some("public"));
        assert_eq!(of("-- nothing"), None);
        assert!(is_on_extension("--\n\nCOMMENT ON EXTENSION hstore IS 'x';"));
        assert!(!is_on_extension(
            "--\n\nCOMMENT ON TABLE \"- EXTENSION\".t IS '\nCOMMENT ON EXTENSION x';"
        ));
    }
}
