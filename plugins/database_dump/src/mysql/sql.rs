//! Quoting of names and texts in SQL.

/// Quotes an identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Quotes the name of a table in a database.
pub(super) fn qualified(database: &str, table: &str) -> String {
    format!("{}.{}", identifier(database), identifier(table))
}

/// Quotes a text where no hexadecimal one is taken: in the SQL mode that every session of ours sets, and for a person.
pub(super) fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "''");
    // No variable of a command can hold this one.
    format!("'{}'", escaped.replace('\0', "\\0"))
}

/// A text as the server reads it in any SQL mode.
pub(super) fn text(text: &str) -> String {
    format!("_utf8mb4 X'{}'", hex(text.as_bytes()))
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// The condition that `column` of a table of `information_schema` is this name, and not one that its
/// collation takes for the same.
pub(super) fn is_named(column: &str, name: &str) -> String {
    let bytes = hex(name.as_bytes());
    format!(
        "({column} = {} AND CAST({column} AS BINARY) = X'{bytes}')",
        text(name)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_name_are_escaped() {
        assert_eq!(identifier("a `b` 'c'"), "`a ``b`` 'c'`");
        assert_eq!(literal(r"it's \"), r"'it''s \\'");
        assert_eq!(literal("a\0"), r"'a\0'");
        assert_eq!(text("ñ'"), "_utf8mb4 X'c3b127'");
    }
}
