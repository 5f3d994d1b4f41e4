//! Patterns for command lines.

use super::arguments::beginnings;

/// What a pattern consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PatternPiece {
    /// Stands for itself.
    Literal(char),
    /// `*`: characters that mean nothing to a shell, and no word that begins with `-`.
    Arguments,
    /// `**`: the same, with options.
    ArgumentsAndOptions,
}

/// Whether the operator's `pattern` covers `line`.
///
/// A pattern covers itself, whatever is in it. A `*` stands for characters that mean nothing to any
/// shell: a line is run by a shell, and `redis-cli *` must not become a licence for
/// `redis-cli ping; rm -rf /`. Nor must `tar *` become one for `tar --checkpoint-action=exec=…`: a word
/// that a `*` covers or begins is no option. `tar -*` names its dash, and `tar **` allows options.
pub(super) fn matches(pattern: &str, line: &str) -> bool {
    pattern == line || covers(&pieces(pattern, PatternPiece::Arguments), line)
}

/// Whether it would, if every `*` in it were a `**`: what is refused for its options alone.
pub(super) fn matches_but_for_options(pattern: &str, line: &str) -> bool {
    !matches(pattern, line) && covers(&pieces(pattern, PatternPiece::ArgumentsAndOptions), line)
}

/// The pattern with options allowed: what to write instead.
pub(super) fn with_options(pattern: &str) -> String {
    let pieces = pieces(pattern, PatternPiece::ArgumentsAndOptions);
    let text = pieces.into_iter().map(|piece| match piece {
        PatternPiece::Literal(c) => c.to_string(),
        PatternPiece::Arguments | PatternPiece::ArgumentsAndOptions => "**".to_owned(),
    });
    text.collect()
}

/// What the wildcards of a pattern stand for, in words; none if it has none.
pub(super) fn in_words(pattern: &str) -> Option<&'static str> {
    let pieces = pieces(pattern, PatternPiece::Arguments);
    if pieces.contains(&PatternPiece::ArgumentsAndOptions) {
        Some("** is any plain words, options too")
    } else if pieces.contains(&PatternPiece::Arguments) {
        Some("* is plain words that are no options")
    } else {
        None
    }
}

fn pieces(pattern: &str, star: PatternPiece) -> Vec<PatternPiece> {
    let mut pieces = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '*' if chars.next_if_eq(&'*').is_some() => PatternPiece::ArgumentsAndOptions,
            '*' => star,
            c => PatternPiece::Literal(c),
        });
    }
    pieces
}

/// Keeps every place in the line that the pattern can have reached: no pattern takes longer than its
/// length times that of the line.
fn covers(pattern: &[PatternPiece], line: &str) -> bool {
    if pattern
        .iter()
        .all(|piece| matches!(piece, PatternPiece::Literal(_)))
    {
        return false;
    }
    let chars: Vec<char> = line.chars().collect();
    let begins = beginnings(&chars);
    let mut reached = vec![false; chars.len() + 1];
    reached[0] = true;
    for piece in pattern {
        let mut next = vec![false; chars.len() + 1];
        for at in 0..chars.len() {
            match piece {
                PatternPiece::Literal(c) => next[at + 1] = reached[at] && chars[at] == *c,
                PatternPiece::Arguments | PatternPiece::ArgumentsAndOptions => {
                    next[at] |= reached[at];
                    let is_option = chars[at] == '-' && begins[at];
                    let refused = is_option && *piece == PatternPiece::Arguments;
                    next[at + 1] = next[at] && is_plain(chars[at]) && !refused;
                }
            }
        }
        if !matches!(piece, PatternPiece::Literal(_)) {
            next[chars.len()] |= reached[chars.len()];
        }
        reached = next;
    }
    reached[chars.len()]
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || " -_./:=,@%+".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_plain_words() {
        for (pattern, line) in [
            ("redis-cli *", "redis-cli get a-b 6379"),
            ("pg_dump * | gzip", "pg_dump app | gzip"),
            ("pg_dump --dbname=* | gzip", "pg_dump --dbname=-x | gzip"),
            ("echo *", "echo "),
            ("tar -*", "tar -x archive-1"),
            ("mysqldump -u* *", "mysqldump -uroot app"),
        ] {
            assert!(matches(pattern, line), "{pattern}: {line}");
        }
        assert!(!matches("redis-cli *", "redis-cli"));
        assert!(!matches("redis-cli *", "xredis-cli ping"));
    }

    #[test]
    fn a_word_that_a_wildcard_covers_or_begins_is_no_option() {
        for (pattern, line) in [
            ("tar *", "tar --checkpoint-action=exec=id"),
            ("tar *", "tar x --checkpoint-action=exec=id"),
            ("tar *", "tar x  -I sh"),
            ("tar -*", "tar -x --checkpoint-action=exec=id"),
            ("tar --file=*", "tar --file=x -Ish"),
            ("tar -f * x", "tar -f -Ish x"),
            ("tar \"*\"", "tar \"-Ish\""),
            ("tar ''*", "tar ''-Ish"),
            ("tar \\*", "tar \\-Ish"),
            ("tar $X*", "tar $X-Ish"),
            ("tar ${X}*", "tar ${X}-Ish"),
            ("tar $(*)", "tar $(-Ish)"),
            ("tar {*}", "tar {a,-Ish}"),
            ("cat x|*", "cat x|-Ish"),
            ("*", "-Ish"),
            ("tar\t*", "tar\t-Ish"),
            ("tar\n*", "tar\n-Ish"),
            ("tar ?*", "tar ?-Ish"),
        ] {
            assert!(!matches(pattern, line), "{pattern}: {line}");
            assert!(matches_but_for_options(pattern, line), "{pattern}: {line}");
            assert!(matches(&with_options(pattern), line), "{pattern}: {line}");
        }
    }

    #[test]
    fn a_wildcard_never_covers_what_a_shell_acts_on() {
        for evil in [
            "; id",
            "| sh",
            "&& id",
            "$(id)",
            "`id`",
            "> /etc/passwd",
            "< /etc/shadow",
            "\nid",
            "$HOME",
            "'a'",
            "\"a\"",
            "a\\b",
            "{a,b}",
            "~root",
            "a*",
            "#",
        ] {
            for pattern in ["redis-cli *", "redis-cli **"] {
                let line = format!("redis-cli {evil}");
                assert!(!matches(pattern, &line), "{evil}");
                assert!(!matches_but_for_options(pattern, &line), "{evil}");
            }
        }
    }

    #[test]
    fn a_pattern_covers_itself() {
        for line in ["pg_dump \"$URL\" | gzip", "ls /data/*", "rm -- **"] {
            assert!(matches(line, line));
        }
        assert!(!matches("true", "true "));
        assert!(!matches("ls /data/*", "ls /data/**"));
    }

    #[test]
    fn many_wildcards_take_no_longer_than_few() {
        let line = format!("echo {}!", "a".repeat(5_000));
        assert!(!matches(&format!("echo {}b", "*a".repeat(200)), &line));
    }
}
