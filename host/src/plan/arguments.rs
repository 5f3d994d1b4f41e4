//! Where the words of a command line begin, for any shell: in doubt, one begins.

/// Ends a word, or lets another begin inside of it (`{a,b}`, `$(a)`).
fn separates(c: char, in_braces: bool) -> bool {
    c.is_whitespace() || "|&;<>()`{}".contains(c) || (c == ',' && in_braces)
}

/// For each character, whether the argument that a shell makes of the word around it could begin with
/// it: nothing stands before it but quotes, and what may expand to nothing or to anything.
pub(super) fn beginnings(line: &[char]) -> Vec<bool> {
    let (mut in_braces, mut has_begun, mut expands) = (false, false, false);
    let each = line.iter().map(|&c| {
        let begins = !has_begun;
        in_braces |= c == '{';
        if separates(c, in_braces) {
            (has_begun, expands) = (false, false);
        } else {
            expands |= "$?[*~".contains(c);
            has_begun |= !expands && !"\"'\\".contains(c);
        }
        begins
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::beginnings;

    #[test]
    fn quotes_and_expansions_begin_no_word_of_their_own() {
        for (line, begins) in [
            ("-", true),
            ("a -", true),
            ("a \"-", true),
            ("a \\-", true),
            ("a $x-", true),
            ("a {b,-", true),
            ("a b-", false),
            ("a b,-", false),
            ("a \"b\"-", false),
            ("a --x=$y-", false),
        ] {
            let line: Vec<char> = line.chars().collect();
            assert_eq!(beginnings(&line).pop(), Some(begins), "{line:?}");
        }
    }
}
