//! Commands inside of others whose failure no option of a shell makes it notice: `export X=$(…)` succeeds whatever the
//! command does, and nothing waits for that of `<(…)`.

/// Commands that assign, and succeed whatever the value came of.
const ASSIGNING: [&str; 5] = ["export", "readonly", "local", "declare", "typeset"];

/// The first of them in a line.
pub fn unnoticed_substitution(line: &str) -> Option<String> {
    let mut statement = String::new();
    let mut quote = None;
    let mut chars = line.chars().peekable();
    let mut before = ' ';
    let mut depth = 0_usize;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None | Some('"'), '\\') => {
                statement.push(c);
                statement.extend(chars.next());
                before = c;
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            // What stands in single quotes is text.
            (Some('\''), _) => continue,
            (None, '#') if before.is_whitespace() || before == ';' => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            (None, '<' | '>') if chars.peek() == Some(&'(') => {
                return Some(substitution(c, chars));
            }
            // What follows a here-document is its text.
            (None, '<') if chars.peek() == Some(&'<') => break,
            (_, '(') => depth += 1,
            (_, ')') => depth = depth.saturating_sub(1),
            (None, ';' | '\n' | '&' | '|') if depth == 0 => {
                if is_swallowed(&statement) {
                    return Some(statement.trim().to_owned());
                }
                statement.clear();
                before = c;
                continue;
            }
            _ => {}
        }
        statement.push(c);
        before = c;
    }
    is_swallowed(&statement).then(|| statement.trim().to_owned())
}

fn substitution(kind: char, rest: impl Iterator<Item = char>) -> String {
    let mut depth = 0_usize;
    let mut text = kind.to_string();
    for c in rest {
        text.push(c);
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    text
}

fn is_swallowed(statement: &str) -> bool {
    let mut words = statement.split_whitespace();
    let assigns = words.next().is_some_and(|word| ASSIGNING.contains(&word));
    assigns
        && (statement.contains("=$(") || statement.contains("=\"$(") || statement.contains("=`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_nothing_notices_is_named() {
        for (line, named) in [
            ("export D=$(false); echo $D", Some("export D=$(false)")),
            (
                "x; declare -r D=\"$(false; a)\"\ny",
                Some("declare -r D=\"$(false; a)\""),
            ),
            ("export D=`false`", Some("export D=`false`")),
            ("cat <(false) x", Some("<(false)")),
            ("tee >(gzip (a)) x", Some(">(gzip (a))")),
            ("D=$(false)\nexport D", None),
            ("export D=x; y=$(a)", None),
            ("echo 'cat <(false)' # <(x)", None),
            ("cat <<E\nexport D=$(x)\nE", None),
            ("echo \"a <(b)\"", None),
        ] {
            assert_eq!(unnoticed_substitution(line).as_deref(), named, "{line}");
        }
    }
}
