//! The programs that a line certainly runs, as far as can be told without running it.
//!
//! Deliberately short-sighted: it reads simple commands and pipes, and stops at the first thing whose
//! course it cannot know (`if`, loops, functions, `(`, a changed `PATH`). What it names, a line needs.

/// Words after which the course of a line, or its programs, cannot be told.
const UNKNOWN_FROM: [&str; 22] = [
    "if", "while", "until", "for", "case", "select", "function", "{", "}", "[[", "coproc", "set",
    "exit", "return", "exec", "trap", ".", "source", "eval", "alias", "unset", "hash",
];

/// What stands between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// `;`, a new line, the end.
    End,
    Pipe,
    And,
    Or,
    Background,
    /// `(` and all else that is not understood, or a here-document.
    Unknown,
}

/// Names of programs, or their absolute paths, without which `line` fails.
pub fn certain_programs(line: &str) -> Vec<String> {
    let mut rest = line;
    let mut found = Vec::new();
    let mut list = List::default();
    loop {
        let (words, separator, after) = simple_command(rest);
        let known = list.add(&words);
        let ends = after.trim().is_empty();
        match separator {
            _ if !known => break,
            Separator::Unknown => break,
            Separator::Pipe => {}
            Separator::And => list.has_and = true,
            Separator::Or | Separator::Background => list.uncertain = true,
            Separator::End => {}
        }
        if separator == Separator::Background || separator == Separator::End {
            found.extend(std::mem::take(&mut list).certain(ends));
        }
        if ends {
            break;
        }
        rest = after;
    }
    found.sort();
    found.dedup();
    found
}

/// Pipes that are joined by `&&` and `||`.
#[derive(Default)]
struct List {
    programs: Vec<String>,
    /// A failure in it does not fail the line.
    uncertain: bool,
    has_and: bool,
}

impl List {
    /// Returns whether what follows can be told.
    fn add(&mut self, words: &[Word]) -> bool {
        let mut words = words.iter().skip_while(|word| word.is_assignment());
        let sets_path = |word: &Word| word.text.starts_with("PATH=");
        let Some(first) = words.next() else {
            return true;
        };
        let is_unknown = UNKNOWN_FROM.contains(&first.text.as_str());
        if is_unknown || sets_path(first) || words.any(sets_path) {
            return false;
        }
        self.uncertain |= first.text == "!";
        let is_relative = first.text.contains('/') && !first.text.starts_with('/');
        if first.plain && !is_relative {
            self.programs.push(first.text.clone());
        }
        true
    }

    /// With `-e`, the last part of a list alone ends the line, unless the list is the line's end.
    fn certain(self, at_end: bool) -> Vec<String> {
        match self.uncertain || (self.has_and && !at_end) {
            true => Vec::new(),
            false => self.programs,
        }
    }
}

#[derive(Debug, Default)]
struct Word {
    text: String,
    /// Whether it means what it says: nothing in it is quoted or expanded.
    plain: bool,
}

impl Word {
    fn is_assignment(&self) -> bool {
        let name = self.text.split_once('=').map_or("", |(name, _)| name);
        let mut letters = name.chars();
        letters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !self.text.starts_with("PATH=")
    }
}

/// The words of the next command, without its redirections; what ends it; and what follows.
fn simple_command(text: &str) -> (Vec<Word>, Separator, &str) {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut is_target = false;
    let mut chars = text.char_indices().peekable();
    let after = |at: usize| text.get(at..).unwrap_or_default();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let mut end_word = |word: &mut Option<Word>| {
            if let Some(word) = word.take()
                && !std::mem::take(&mut is_target)
            {
                words.push(word);
            }
        };
        match c {
            '\\' if next == Some('\n') => drop(chars.next()),
            ' ' | '\t' => end_word(&mut word),
            '#' if word.is_none() => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            '\n' | ';' => {
                end_word(&mut word);
                return (words, Separator::End, after(at + 1));
            }
            '|' | '&' if next == Some('>') && c == '&' => {
                end_word(&mut word);
                chars.next();
                chars.next_if(|(_, c)| *c == '>');
                is_target = true;
            }
            '|' | '&' => {
                end_word(&mut word);
                let doubled = next == Some(c) || (c == '|' && next == Some('&'));
                let separator = match (c, next) {
                    ('|', Some('|')) => Separator::Or,
                    ('|', _) => Separator::Pipe,
                    (_, Some('&')) => Separator::And,
                    _ => Separator::Background,
                };
                return (words, separator, after(at + 1 + usize::from(doubled)));
            }
            '<' | '>' => {
                if next == Some('<') || next == Some('(') {
                    end_word(&mut word);
                    return (words, Separator::Unknown, "");
                }
                // Digits before it are a descriptor.
                match &word {
                    Some(digits) if digits.text.bytes().all(|byte| byte.is_ascii_digit()) => {
                        word = None
                    }
                    _ => end_word(&mut word),
                }
                while chars
                    .next_if(|(_, c)| matches!(c, '>' | '&' | '|'))
                    .is_some()
                {}
                is_target = true;
            }
            '(' | ')' | '`' => return (words, Separator::Unknown, ""),
            '\'' | '"' | '\\' | '$' => {
                let word = word.get_or_insert_default();
                word.plain = false;
                word.text.push(c);
                match c {
                    '\\' => drop(chars.next()),
                    '$' if next == Some('(') || next == Some('{') => {
                        return (words, Separator::Unknown, "");
                    }
                    '$' => {}
                    quote => loop {
                        match chars.next() {
                            Some((_, '\\')) if quote == '"' => drop(chars.next()),
                            Some((_, c)) if c != quote => {}
                            _ => break,
                        }
                    },
                }
            }
            c => {
                let word = word.get_or_insert(Word {
                    text: String::new(),
                    plain: true,
                });
                word.plain &= !"*?[~{}".contains(c);
                word.text.push(c);
            }
        }
    }
    if let Some(word) = word.filter(|_| !is_target) {
        words.push(word);
    }
    (words, Separator::End, "")
}

#[cfg(test)]
mod tests {
    use super::certain_programs;

    #[test]
    fn simple_commands_and_pipes_need_their_programs() {
        for (line, programs) in [
            ("pg_dump -Fc app", &["pg_dump"][..]),
            (
                "PGPASSWORD=x pg_dump app | gzip >out 2>&1",
                &["gzip", "pg_dump"],
            ),
            (
                "echo start\n/opt/tools/dump \\\n  --all",
                &["/opt/tools/dump", "echo"],
            ),
            ("a && b | c", &["a", "b", "c"]),
            (">out dump", &["dump"]),
            (
                "mysqldump --where='a; b | c' app # ; comment",
                &["mysqldump"],
            ),
        ] {
            assert_eq!(certain_programs(line), programs, "{line}");
        }
    }

    #[test]
    fn what_may_not_run_or_cannot_be_told_is_not_named() {
        for (line, programs) in [
            ("pigz -c x || gzip -c x", &[][..]),
            ("a && b\nc", &["c"]),
            ("daemon & c", &["c"]),
            ("! grep x y", &[]),
            ("if a; then b; fi; c", &[]),
            ("f() { pg_dumpx; }; f", &[]),
            ("cat <<E\npg_dumpx\nE", &[]),
            ("PATH=/opt/bin:$PATH; dump", &[]),
            ("export PATH=/opt/bin; dump", &[]),
            ("$TOOL x; \"my tool\"; ./relative; b", &["b"]),
            ("echo $(pg_dumpx)", &[]),
            ("exec 3>&1; dump", &[]),
            ("", &[]),
        ] {
            assert_eq!(certain_programs(line), programs, "{line}");
        }
    }
}
