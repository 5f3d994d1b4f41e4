//! How the tool is told which file.

use sidecar_sdk::{Failure, Result};

/// Of the engine.
pub(super) const NAME: &str = "sqlite";
/// The database's file, as a URI.
pub(super) const FILE: &str = "SIDE_CAR_DATABASE";

/// A helper variable, which the host sets for every command.
pub(super) fn helper(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// What failures call the database.
pub(super) fn at(path: &str) -> String {
    format!("{NAME} at {path}")
}

/// A path as a URI, so that no character in it is special. Without "c" in its mode, sqlite3 creates
/// no file.
pub(super) fn uri(path: &str, parameters: &str) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("{uri}?{parameters}")
}

/// Fails if a new name is neither a path nor that of a file beside the database or below.
pub(crate) fn require_beside(name: &str) -> Result<()> {
    let leaves = !name.starts_with('/') && name.split('/').any(|part| part == "..");
    match leaves {
        false => Ok(()),
        true => Err(Failure::new(
            "not-beside",
            format!("{name} is not beside the database that is backed up"),
        )
        .hint("write the whole path of the file (--only NAME=/PATH), or a name without ..")),
    }
}

/// Quotes an argument of one of the tool's own commands.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_is_beside_below_or_a_path() {
        for name in ["copy.db", "copies/x.db", "..db", "a..b", "/data/../x.db"] {
            assert!(require_beside(name).is_ok(), "{name}");
        }
        for name in ["..", "../x.db", "copies/../../x.db"] {
            assert!(require_beside(name).is_err(), "{name}");
        }
    }

    #[test]
    fn special_characters_in_a_path_are_escaped() {
        assert_eq!(
            uri("/a b/ñ?#%.db", "mode=rw"),
            "file:///a%20b/%C3%B1%3F%23%25.db?mode=rw"
        );
        assert_eq!(quoted(r#"/a "b"\c"#), r#""/a \"b\"\\c""#);
        assert_eq!(quoted("/a\n.shell id"), r#""/a\n.shell id""#);
    }
}
