//! Patterns for command lines.

/// Whether the operator's `pattern` covers `line`.
///
/// A pattern without `*` covers exactly itself, whatever is in it. A `*` stands for characters that
/// mean nothing to any shell: a line is run by a shell, and `redis-cli *` must not become a licence
/// for `redis-cli ping; rm -rf /`.
pub(super) fn matches(pattern: &str, line: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == line;
    };
    let Some(tail) = line.strip_prefix(head) else {
        return false;
    };
    // Shortest first: as far as the wildcard may reach, some rest of the line must fit.
    let reach = tail.find(|c| !is_plain(c)).unwrap_or(tail.len());
    (0..=reach)
        .filter(|&at| tail.is_char_boundary(at))
        .any(|at| matches(rest, &tail[at..]))
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || " -_./:=,@%+".contains(c)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_wildcard_stands_for_plain_words() {
        assert!(matches(
            "redis-cli *",
            "redis-cli --rdb /data/dump.rdb -p 6379"
        ));
        assert!(matches("pg_dump * | gzip", "pg_dump --dbname=app | gzip"));
        assert!(!matches("redis-cli *", "redis-cli"));
        assert!(!matches("redis-cli *", "xredis-cli ping"));
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
            assert!(
                !matches("redis-cli *", &format!("redis-cli {evil}")),
                "{evil}"
            );
        }
    }

    #[test]
    fn without_a_wildcard_only_the_same_line() {
        assert!(matches(
            "pg_dump \"$URL\" | gzip",
            "pg_dump \"$URL\" | gzip"
        ));
        assert!(!matches("true", "true "));
    }
}
