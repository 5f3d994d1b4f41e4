//! Failures inside a line that no option of a shell makes it notice, as far as can be seen without running it.
//!
//! It reads quotes, comments and what stands between commands; where it cannot know, it says nothing.

/// Words with which a statement begins whose parts may fail on purpose, or whose end is elsewhere.
const ON_PURPOSE: [&str; 20] = [
    "if", "elif", "else", "then", "fi", "while", "until", "for", "do", "done", "case", "esac",
    "select", "function", "{", "}", "[", "[[", "test", "!",
];

/// What a line consists of outside of quotes.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Statement(String),
    Pipe,
}

/// Whether commands are joined by a pipe, so that `pipefail` matters.
pub fn has_pipe(line: &str) -> bool {
    let pieces = pieces(line);
    let patterns = pieces.iter().any(
        |piece| matches!(piece, Piece::Statement(text) if text.split_whitespace().any(|word| word == "case")),
    );
    !patterns && pieces.contains(&Piece::Pipe)
}

/// The first list like `a && b` before the end of a line of several commands: when `a` fails, the next
/// command runs all the same. `a || b`, `if` and tests are taken for what they say.
pub fn unnoticed_list(line: &str) -> Option<String> {
    let statements: Vec<String> = pieces(line)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Statement(text) => Some(text.trim().to_owned()),
            Piece::Pipe => None,
        })
        .filter(|text| !text.is_empty())
        .collect();
    let (_, before) = statements.split_last()?;
    let is_open = |text: &String| {
        let first = text.split_whitespace().next().unwrap_or_default();
        text.contains("&&") && !text.contains("||") && !ON_PURPOSE.contains(&first)
    };
    before.iter().find(|text| is_open(text)).cloned()
}

/// The statements, without what is quoted in them, and a piece for each pipe. It ends at a here-document.
fn pieces(line: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut depth = 0_usize;
    let mut before = ' ';
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '\'' => chars.by_ref().take_while(|c| *c != '\'').for_each(drop),
            '"' => skip_double_quoted(&mut chars),
            '#' if before.is_whitespace() || before == ';' => {
                while chars.next_if(|c| *c != '\n').is_some() {}
            }
            '<' if chars.peek() == Some(&'<') => break,
            '(' | '{' | ')' | '}' => {
                depth = match c {
                    '(' | '{' => depth + 1,
                    _ => depth.saturating_sub(1),
                };
                text.push(c);
            }
            '|' if chars.peek() == Some(&'|') => {
                chars.next();
                text.push_str("||");
            }
            '|' if before != '>' => found.push(Piece::Pipe),
            '\n' | ';' if depth == 0 && !joins(&text) => {
                found.push(Piece::Statement(std::mem::take(&mut text)));
            }
            c => text.push(c),
        }
        before = c;
    }
    found.push(Piece::Statement(text));
    found
}

/// Whether a statement goes on in the next line.
fn joins(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with("&&") || text.ends_with("||")
}

fn skip_double_quoted(chars: &mut impl Iterator<Item = char>) {
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_told_from_all_that_looks_like_one() {
        for (line, piped) in [
            ("pg_dump app | gzip", true),
            ("x=$(pg_dump app | gzip)", true),
            ("a |& b", true),
            ("a || b", false),
            ("grep 'a|b' \"c|d\" e\\|f # g | h", false),
            ("echo x >| out", false),
            ("case $x in a|b) echo;; esac", false),
            ("cat <<E\na | b\nE", false),
        ] {
            assert_eq!(has_pipe(line), piped, "{line}");
        }
    }

    #[test]
    fn a_list_before_the_end_is_named() {
        for (line, named) in [
            ("stop && dump\necho done", Some("stop && dump")),
            ("a; b &&\nc; d", Some("b &&\nc")),
            ("stop && dump", None),
            ("stop && dump || exit 1\necho done", None),
            ("[ -f x ] && rm x\necho done", None),
            ("if a && b; then c; fi\nd", None),
            ("f() { a && b; c; }\nf", Some("f() { a && b; c; }")),
            ("echo 'a && b'\nc", None),
        ] {
            assert_eq!(unnoticed_list(line).as_deref(), named, "{line}");
        }
    }
}
