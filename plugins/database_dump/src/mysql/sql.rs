//! Names and texts inside SQL.

/// An identifier, whatever is in it.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text, whatever is in it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_ends_it() {
        assert_eq!(identifier("a `b` 'c'"), "`a ``b`` 'c'`");
        assert_eq!(literal(r"it's \"), r"'it''s \\'");
    }
}
