//! Names and texts inside SQL.

/// An identifier, whatever is in it.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_ends_it() {
        assert_eq!(identifier(r#"a "b" 'c' \ ñ"#), r#""a ""b"" 'c' \ ñ""#);
    }
}
