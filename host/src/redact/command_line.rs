//! Secrets that stand in a command line, where nothing but what stands before them says so: `-pX`, `--password=X`,
//! `PGPASSWORD=X`, `X-Api-Key: X`. What is missed here, a reader of command lines sees: secrets belong into variables.

/// What secrets are called, in options, variables and headers.
const CALLED: [&str; 10] = [
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api-key",
    "api_key",
    "access_key",
    "access-key",
];

/// What no word that stands without quotation marks goes on behind.
const ENDS_OF_WORDS: [char; 8] = [';', '&', '|', '(', ')', '`', '\'', '"'];

/// A secret, and what tells it apart from other words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SecretWord<'l> {
    /// What stands before it: `--password=`
    pub(super) before: &'l str,
    pub(super) secret: &'l str,
}

/// Every secret of a line.
pub(super) fn secrets(line: &str) -> Vec<SecretWord<'_>> {
    let mut found: Vec<_> = assigned(line).chain(by_program(line)).collect();
    found.retain(|one| is_literal(one.secret));
    found
}

/// `NAME=X`, `NAME: X`, wherever that stands: in quotation marks, in a URL, behind a parenthesis.
fn assigned(line: &str) -> impl Iterator<Item = SecretWord<'_>> {
    let signs = line.match_indices(['=', ':']);
    signs.filter_map(|(at, sign)| {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = line[..at].trim_end_matches(is_of_name).len();
        if !is_called_secret(&line[name..at]) {
            return None;
        }
        let rest = &line[at + 1..];
        let blanks = match (sign, rest.len() - rest.trim_start().len()) {
            // `registry.example/token:1.2` names no secret.
            (":", 0) => return None,
            (":", blanks) => blanks,
            _ => 0,
        };
        let quote = rest[blanks..].chars().next();
        let quote = quote.filter(|first| ['"', '\''].contains(first));
        let start = at + 1 + blanks + quote.map_or(0, char::len_utf8);
        let is_over = |c: char| match quote {
            Some(quote) => c == quote,
            None => c.is_whitespace() || ENDS_OF_WORDS.contains(&c),
        };
        let value = &line[start..];
        Some(SecretWord {
            before: &line[name..start],
            secret: &value[..value.find(is_over).unwrap_or(value.len())],
        })
    })
}

/// `-pX` of MySQL's programs, and what follows an option that takes a secret.
fn by_program(line: &str) -> Vec<SecretWord<'_>> {
    let words: Vec<(usize, &str)> = words(line).collect();
    let mut programs = Vec::new();
    let mut found = Vec::new();
    for (at, &(start, word)) in words.iter().enumerate() {
        // `sh -c 'mysqldump -pX'`
        if word.starts_with(['"', '\'']) && word.contains(char::is_whitespace) {
            found.extend(by_program(value(word)));
        }
        let attached = value(word).strip_prefix("-p").map(value);
        if let Some(secret) = attached.filter(|_| runs(&programs, &["mysql", "mariadb"])) {
            let before = word.find(secret).unwrap_or_default();
            found.push(SecretWord {
                before: &word[..before],
                secret,
            });
        }
        if let Some(&(next_start, next)) = words.get(at + 1)
            && takes_secret(value(word), next, &programs)
        {
            let secret = value(next);
            let before = next_start + next.find(secret).unwrap_or_default();
            found.push(SecretWord {
                before: &line[start..before],
                secret,
            });
        }
        let program = word.rsplit(|c| c == '/' || ENDS_OF_WORDS.contains(&c));
        programs.extend(program.filter(|name| !name.is_empty()).take(1));
    }
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

/// Without quotation marks, and without what ends a word behind it.
fn value(word: &str) -> &str {
    let word = word.trim_end_matches([';', '&', '|', ')', '`']);
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
            ("mysqldump \"-phunter2\"", "\"-p", "hunter2"),
            ("(cd /x; mysqldump -phunter2)", "-p", "hunter2"),
            ("PGPASSWORD=hunter2 pg_dump app", "PGPASSWORD=", "hunter2"),
            ("(PGPASSWORD=hunter2 pg_dump)", "PGPASSWORD=", "hunter2"),
            ("x=$(PGPASSWORD=hunter2 y)", "PGPASSWORD=", "hunter2"),
            ("a&&PGPASSWORD=hunter2 b", "PGPASSWORD=", "hunter2"),
            (
                "export PGPASSWORD=hunter2; pg_dump",
                "PGPASSWORD=",
                "hunter2",
            ),
            ("export MYSQL_PWD=\"hunter2\"", "MYSQL_PWD=\"", "hunter2"),
            ("tool --password=hunter2", "--password=", "hunter2"),
            ("tool --api-token  hunter2", "--api-token  ", "hunter2"),
            (
                "pg_dump --dbname=\"host=db password=hunter2\"",
                "password=",
                "hunter2",
            ),
            (
                "pg_dump -d\"host=x password=hunter2 user=me\"",
                "password=",
                "hunter2",
            ),
            (
                "psql \"postgresql://h/db?user=u&password=hunter2&x=1\"",
                "password=",
                "hunter2",
            ),
            ("curl -H \"X-Api-Key: hunter2\"", "X-Api-Key: ", "hunter2"),
            ("redis-cli -a hunter2 --rdb -", "-a ", "hunter2"),
            (
                "sh -c 'MYSQL_PWD=hunter2 mysqldump app'",
                "MYSQL_PWD=",
                "hunter2",
            ),
            ("sh -c 'mysqldump -phunter2 app'", "-p", "hunter2"),
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
            "oci://registry.example/token-store:1.2.3",
            "é'ö:=",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
