//! Secrets that stand in a command line, where nothing but the word before them says so: `-pX`, `--password=X`,
//! `PGPASSWORD=X`. What is missed here, a reader of command lines sees: secrets belong into variables.

/// What secrets are called, in options and in variables.
const CALLED: [&str; 9] = [
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api-key",
    "api_key",
    "access_key",
];

/// A secret, and what tells it apart from other words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SecretWord<'l> {
    /// What stands before it: `--password=`
    pub(super) before: &'l str,
    pub(super) secret: &'l str,
}

/// Every secret of a line.
pub(super) fn secrets(line: &str) -> Vec<SecretWord<'_>> {
    let words: Vec<(usize, &str)> = words(line).collect();
    let mut programs = Vec::new();
    let mut found = Vec::new();
    for (at, &(start, word)) in words.iter().enumerate() {
        let next = words.get(at + 1);
        found.extend(in_word(word, &programs));
        // `sh -c 'PGPASSWORD=X pg_dump'`
        if word.starts_with(['"', '\'']) && word.contains(char::is_whitespace) {
            found.extend(secrets(value(word)));
        }
        if let Some(&(next_start, next)) = next
            && takes_secret(word, next, &programs)
        {
            let secret = value(next);
            let quote = next.find(secret).unwrap_or_default();
            let before = &line[start..next_start + quote];
            found.push(SecretWord { before, secret });
        }
        programs.push(
            word.rsplit(['/', '(', '`', ';', '|', '&'])
                .next()
                .unwrap_or(word),
        );
    }
    found.retain(|one| is_literal(one.secret));
    found
}

/// Words with where they begin; a quoted one may have blanks.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + line[rest..].find(|c: char| !c.is_whitespace())?;
        let mut quote = None;
        let mut end = line.len();
        for (at, c) in line[start..].char_indices() {
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None, c) if c.is_whitespace() => {
                    end = start + at;
                    break;
                }
                _ => {}
            }
        }
        rest = end;
        Some((start, &line[start..end]))
    })
}

/// `-pX` of MySQL's programs, `NAME=X`, `--name=X`.
fn in_word<'l>(word: &'l str, programs: &[&str]) -> Option<SecretWord<'l>> {
    let of_mysql = runs(programs, &["mysql", "mariadb"]);
    let attached = word.strip_prefix("-p").filter(|_| of_mysql);
    let assigned = || {
        let (name, secret) = word.split_once('=')?;
        is_called_secret(name).then_some(secret)
    };
    let secret = attached.or_else(assigned)?;
    let secret = value(secret);
    let at = word.rfind(secret)?;
    Some(SecretWord {
        before: &word[..at],
        secret,
    })
}

/// Whether the word after this one is a secret.
fn takes_secret(word: &str, next: &str, programs: &[&str]) -> bool {
    let is_value = !next.starts_with('-');
    match word {
        "-a" | "--pass" => is_value && runs(programs, &["redis-cli"]),
        "-u" | "--user" => next.contains(':') && runs(programs, &["curl", "wget"]),
        "Bearer" => true,
        option => option.starts_with("--") && is_called_secret(option) && is_value,
    }
}

fn runs(programs: &[&str], names: &[&str]) -> bool {
    let mut all = programs.iter();
    all.any(|program| names.iter().any(|name| program.starts_with(name)))
}

fn is_called_secret(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let is_other = name.starts_with("no-") || name.ends_with("file");
    is_name && !is_other && CALLED.iter().any(|called| name.contains(called))
}

/// Without quotation marks.
fn value(word: &str) -> &str {
    let quotes = ['"', '\''];
    word.trim_start_matches(quotes).trim_end_matches(quotes)
}

/// Whether it is the secret itself, and not where to find it.
fn is_literal(secret: &str) -> bool {
    !secret.is_empty() && !secret.starts_with(['$', '/', '`', '*'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<(&str, &str)> {
        let all = secrets(line).into_iter();
        all.map(|one| (one.before, one.secret)).collect()
    }

    #[test]
    fn what_stands_behind_a_word_for_secrets_is_one() {
        for (line, before, secret) in [
            ("mysqldump -h db -u root -phunter2 app", "-p", "hunter2"),
            (
                "/usr/bin/mariadb-dump -p'two words' app",
                "-p'",
                "two words",
            ),
            ("PGPASSWORD=hunter2 pg_dump app", "PGPASSWORD=", "hunter2"),
            ("export MYSQL_PWD=\"hunter2\"", "MYSQL_PWD=\"", "hunter2"),
            ("tool --password=hunter2", "--password=", "hunter2"),
            ("tool --api-token  hunter2", "--api-token  ", "hunter2"),
            ("redis-cli -a hunter2 --rdb -", "-a ", "hunter2"),
            (
                "sh -c 'MYSQL_PWD=hunter2 mysqldump app'",
                "MYSQL_PWD=",
                "hunter2",
            ),
            ("curl -u me:hunter2 https://x", "-u ", "me:hunter2"),
            ("tool Authorization: Bearer hunter2", "Bearer ", "hunter2"),
        ] {
            assert_eq!(found(line), [(before, secret)], "{line}");
        }
    }

    #[test]
    fn what_is_none_stays() {
        for line in [
            "mkdir -p /backups && tar -cf - .",
            "pg_dump --no-password app",
            "tool --password-file=/run/secrets/x --password $PASSWORD",
            "PGPASSFILE=/x PGPASSWORD=${PASSWORD} PGPASSWORD=\"$OTHER\" pg_dump",
            "mysqldump --password --host db",
            "sort --key=2",
            "é'ö",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
