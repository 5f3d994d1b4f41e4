//! Whether a line uses a variable. A comment does not.

/// Whether `name` stands in the line, outside of its comments. In quotes it counts: another shell or an
/// interpreter may read it there.
pub(crate) fn mentions(line: &str, name: &str) -> bool {
    let code = without_comments(line);
    code.match_indices(name).any(|(at, _)| {
        let continues = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(continues) && !after.is_some_and(continues)
    })
}

/// The line as the shell sees it: `#` begins a comment where a word could begin, outside of quotes.
fn without_comments(line: &str) -> String {
    let mut code = String::new();
    let mut quote: Option<char> = None;
    let mut word_begins = true;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '#') if word_begins => {
                // It ends with the line, which stays.
                if chars.by_ref().any(|c| c == '\n') {
                    code.push('\n');
                }
                continue;
            }
            (None | Some('"'), '\\') => {
                code.push(c);
                code.extend(chars.next());
                word_begins = false;
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        code.push(c);
        word_begins = quote.is_none() && (c.is_whitespace() || ";|&()`".contains(c));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_does_not_use_it() {
        for line in [
            r#"tar -C "${INTO:-$DATA}" -xf -"#,
            "sh -c 'psql \"$INTO\"'",
            "echo a#b $INTO",
            "# what it does\npsql $INTO",
            "echo '# no comment' $INTO",
            r##"echo \" # "\" $INTO" "##,
        ] {
            let expected = !line.starts_with(r"echo \");
            assert_eq!(mentions(line, "INTO"), expected, "{line}");
        }
        for line in [
            "rm -rf /data # not $INTO",
            "#$INTO\nrm -rf /data",
            "rm; #INTO",
            "cp $INTOX",
            "cp $MY_INTO",
        ] {
            assert!(!mentions(line, "INTO"), "{line}");
        }
    }
}
