//! Just enough of the shell's grammar to see what a line does with a variable: quotes, comments, simple commands and
//! `${…}`.

/// A simple command of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Simple {
    /// As they are written, quotes included.
    pub(crate) words: Vec<String>,
    /// Whether its output goes into another command.
    pub(crate) piped: bool,
}

/// The simple commands of a line. Those inside `$(…)` are part of the word that they stand in.
pub(crate) fn simple_commands(line: &str) -> Vec<Simple> {
    let mut all = Vec::new();
    let (mut current, mut word) = (Simple::default(), String::new());
    let mut chars = line.chars().peekable();
    let (mut quote, mut depth) = (None, 0_usize);
    let end_word = |word: &mut String, current: &mut Simple| {
        if !word.is_empty() {
            current.words.push(std::mem::take(word));
        }
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None | Some('"'), '\\') => {
                // A line that goes on.
                if chars.peek() == Some(&'\n') {
                    chars.next();
                    continue;
                }
                word.push(c);
                word.extend(chars.next());
            }
            (Some(open), _) => {
                if c == open {
                    quote = None;
                }
                word.push(c);
            }
            (None, '\'' | '"' | '`') => {
                quote = Some(c);
                word.push(c);
            }
            (None, '$') if matches!(chars.peek(), Some('{' | '(')) => {
                word.push(c);
                word.extend(chars.next());
                depth += 1;
            }
            (None, '{' | '(') if depth > 0 => {
                depth += 1;
                word.push(c);
            }
            (None, '}' | ')') if depth > 0 => {
                depth -= 1;
                word.push(c);
            }
            (None, _) if depth > 0 => word.push(c),
            (None, '#') if word.is_empty() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            (None, ';' | '\n' | '&' | '|' | '(' | ')') => {
                // A redirection (`2>&1`, `&>file`) ends no command.
                let redirects = c == '&' && (word.ends_with('>') || chars.peek() == Some(&'>'));
                if redirects {
                    word.push(c);
                    continue;
                }
                end_word(&mut word, &mut current);
                let piped = c == '|' && chars.next_if_eq(&'|').is_none();
                if !current.words.is_empty() {
                    current.piped = piped;
                    all.push(std::mem::take(&mut current));
                }
            }
            (None, c) if c.is_whitespace() => end_word(&mut word, &mut current),
            (None, c) => word.push(c),
        }
    }
    end_word(&mut word, &mut current);
    if !current.words.is_empty() {
        all.push(current);
    }
    all
}

/// How a variable is expanded: `$NAME` and `${NAME}` have no operator.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expansion<'a> {
    /// "" or what follows the name: `:-word`, `#pattern`.
    pub(crate) operator: &'a str,
    /// Where it stands in the text.
    pub(crate) range: std::ops::Range<usize>,
}

/// Where the shell expands a variable in a text. In single quotes it does not, unless `quoted` says that another shell
/// reads them.
pub(crate) fn expansions<'a>(text: &'a str, name: &str, quoted: bool) -> Vec<Expansion<'a>> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut skip = false;
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut skip) {
            continue;
        }
        match (quote, c) {
            (None | Some('"'), '\\') => skip = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (Some('\''), _) if !quoted => {}
            (_, '$') => found.extend(expansion(text, at, name)),
            _ => {}
        }
    }
    found
}

fn expansion<'a>(text: &'a str, at: usize, name: &str) -> Option<Expansion<'a>> {
    let rest = &text[at + 1..];
    if let Some(after) = rest.strip_prefix(name) {
        let ends = !after.starts_with(is_of_name);
        let range = at..at + 1 + name.len();
        return ends.then_some(Expansion {
            operator: "",
            range,
        });
    }
    let inner = rest.strip_prefix('{')?.strip_prefix(name)?;
    if inner.starts_with(is_of_name) {
        return None;
    }
    let mut depth = 1_usize;
    let end = inner.char_indices().find(|(_, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let length = end.map_or(inner.len(), |(end, _)| end);
    let start = at + 2 + name.len();
    Some(Expansion {
        operator: &inner[..length],
        range: at..(start + length + 1).min(text.len()),
    })
}

pub(crate) fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `NAME` of a word `NAME=…`.
pub(crate) fn assigned(word: &str) -> Option<&str> {
    let (name, _) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let is_name = !name.is_empty() && name.chars().all(is_of_name);
    (is_name && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<String>> {
        let commands = simple_commands(line).into_iter();
        commands.map(|simple| simple.words).collect()
    }

    #[test]
    fn a_line_is_simple_commands() {
        assert_eq!(
            words("a 'b; c' && d \"e | f\" # g; h\ni | j"),
            [
                vec!["a", "'b; c'"],
                vec!["d", "\"e | f\""],
                vec!["i"],
                vec!["j"]
            ]
        );
        assert_eq!(
            words("x \"${A:-b;c}\" $(d; e) 2>&1 \\\n y"),
            [["x", "\"${A:-b;c}\"", "$(d; e)", "2>&1", "y"]]
        );
        let piped: Vec<bool> = simple_commands("a | b || c")
            .iter()
            .map(|c| c.piped)
            .collect();
        assert_eq!(piped, [true, false, false]);
    }

    #[test]
    fn a_variable_is_expanded_where_the_shell_does_it() {
        let operators = |text| {
            let found = expansions(text, "A", false).into_iter();
            found.map(|found| found.operator).collect::<Vec<_>>()
        };
        assert_eq!(
            operators("$A ${A} \"${A:-$B}\" ${A#x}"),
            ["", "", ":-$B", "#x"]
        );
        assert_eq!(operators("'$A' \\$A $AB ${AB} A"), [""; 0]);
        assert_eq!(expansions("sh -c '$A'", "A", true).len(), 1);
        let text = "x ${A:-${B}} y";
        assert_eq!(
            &text[expansions(text, "A", false)[0].range.clone()],
            "${A:-${B}}"
        );
    }

    #[test]
    fn a_word_may_be_an_assignment() {
        assert_eq!(assigned("A=b"), Some("A"));
        assert_eq!(assigned("A+=b"), Some("A"));
        assert_eq!(assigned("--a=b"), None);
        assert_eq!(assigned("1=b"), None);
    }
}
