//! Quoting of names and texts in SQL. What is longer than a name, or comes from a backup, is no part of a statement: it
//! is an argument, which the server quotes.

/// The variable with the arguments of a script, as JSON.
pub(super) const ARGUMENTS: &str = "SIDE_CAR_ARGUMENTS";

/// What a script begins with that has arguments: psql quotes them as one text.
pub(super) const WITH_ARGUMENTS: &str = "\\set sidecar_arguments `printf %s \"$SIDE_CAR_ARGUMENTS\"`\nSET sidecar.arguments = :'sidecar_arguments';\n";

/// The statement that gives the database `of` its comment, both arguments; null takes the comment away.
pub(super) fn comment_on(of: &str, comment: &str) -> String {
    format!(
        "SELECT pg_catalog.format('COMMENT ON DATABASE %I IS %s', a ->> '{of}',
            pg_catalog.quote_nullable(a ->> '{comment}'))
         FROM (SELECT pg_catalog.current_setting('sidecar.arguments')::json) AS given (a) \\gexec\n"
    )
}

/// Quotes an identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text, also for a session without `standard_conforming_strings`.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_name_are_escaped() {
        assert_eq!(identifier(r#"a "b" 'c' \ ñ"#), r#""a ""b"" 'c' \ ñ""#);
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'b"), r"E'a\\''b'");
    }
}
