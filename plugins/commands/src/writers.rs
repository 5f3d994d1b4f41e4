//! Commands of a line that write, as their names tell, and are not given the target: beside one that is, they work on
//! something else. What is not known by its name is not judged.

use std::collections::BTreeMap;

use crate::programs::{IDLE, LEADING, is_interpreter, is_of_target};
use crate::shell::{Simple, assigned, is_of_name, simple_commands};

/// Clients of servers and of database files.
const CLIENTS: [&str; 22] = [
    "psql",
    "pg_restore",
    "createdb",
    "dropdb",
    "createuser",
    "dropuser",
    "mysql",
    "mariadb",
    "mysqladmin",
    "mariadb-admin",
    "mysqlimport",
    "mariadb-import",
    "redis-cli",
    "valkey-cli",
    "sqlite3",
    "mongo",
    "mongosh",
    "mongorestore",
    "mongoimport",
    "influx",
    "clickhouse-client",
    "cqlsh",
];
/// They run the command that follows somewhere among their words.
const RUNNERS: [&str; 17] = [
    "sudo", "doas", "env", "nice", "ionice", "nohup", "setsid", "timeout", "xargs", "docker",
    "podman", "nerdctl", "kubectl", "chroot", "nsenter", "gosu", "stdbuf",
];
/// Files that a restore may use for itself: what they begin with, and what stands in them.
const OWN_BEGINNINGS: [&str; 5] = ["/tmp/", "/dev/null", "/dev/std", "/dev/fd/", "/var/tmp/"];
const OWN_WORDS: [&str; 4] = ["TMPDIR", "mktemp", "SIDE_CAR_TEMP_DUMP", "SIDE_CAR_WORKDIR"];

/// Where something leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The target, or a file of the line's own.
    Meant,
    Elsewhere,
    /// Beside where the line began, or what is not known.
    Unknown,
}

/// What the commands before have set.
#[derive(Clone, Default)]
struct Scope {
    variables: BTreeMap<String, Place>,
    /// Whether a variable of the environment leads to the target.
    exported: bool,
    /// The current folder.
    folder: Option<Place>,
}

/// The first command that writes elsewhere, as it is written.
pub(crate) fn elsewhere(line: &str) -> Option<String> {
    Scope::default().of_line(line)
}

impl Scope {
    fn of_line(mut self, line: &str) -> Option<String> {
        let commands = simple_commands(line);
        commands.iter().find_map(|simple| self.take(simple))
    }

    fn take(&mut self, simple: &Simple) -> Option<String> {
        let words: Vec<&str> = simple.words.iter().map(String::as_str).collect();
        let words = match words.as_slice() {
            ["for" | "select", name, "in", values @ ..] => {
                let place = self.of_all(values);
                self.variables.insert((*name).to_owned(), place);
                return None;
            }
            words => without_leading(words),
        };
        let set = words.iter().take_while(|word| assigned(word).is_some());
        let set = set.count();
        let (assignments, command) = words.split_at(set);
        let Some(program) = command.first().map(|word| name_of(word)) else {
            self.assign(assignments, false);
            return None;
        };
        match program {
            "export" | "readonly" | "local" | "declare" | "typeset" => {
                self.assign(&command[1..], true);
                None
            }
            "cd" | "pushd" => {
                let to = command.iter().skip(1).find(|word| !is_option(word));
                self.folder = to.map(|word| self.place(word));
                None
            }
            _ if IDLE.contains(&program) => None,
            _ => {
                let given = assignments
                    .iter()
                    .any(|word| self.place(value_of(word)) == Place::Meant);
                let writes = self.writes(program, command, given);
                writes.then(|| simple.words.join(" "))
            }
        }
    }

    fn assign(&mut self, words: &[&str], exports: bool) {
        for word in words {
            let Some(name) = assigned(word) else { continue };
            let place = self.place(value_of(word));
            self.exported |= exports && place == Place::Meant;
            self.variables.insert(name.to_owned(), place);
        }
    }

    /// Whether a command writes elsewhere. `given`: whether a variable of its own leads to the target.
    fn writes(&self, program: &str, command: &[&str], given: bool) -> bool {
        let arguments = &command[1..];
        if CLIENTS.contains(&program) {
            let is_given = |word: &&str| self.place(word) == Place::Meant;
            return !given && !self.exported && !arguments.iter().any(is_given);
        }
        if RUNNERS.contains(&program) {
            let known = |word: &&str| CLIENTS.contains(&name_of(word)) || is_interpreter(word);
            let at = arguments.iter().position(known);
            let nested = at.map(|at| &arguments[at..]);
            // `env PGHOST="$TARGET" psql`
            let given = given
                || arguments.iter().any(|word| {
                    assigned(word).is_some() && self.place(value_of(word)) == Place::Meant
                });
            return nested.is_some_and(|nested| {
                let whole_is_given = arguments
                    .iter()
                    .any(|word| is_of_target(word) || self.place(word) == Place::Meant);
                self.writes(name_of(nested[0]), nested, given || whole_is_given)
            });
        }
        if is_interpreter(program) {
            let mut inner = self.clone();
            inner.exported |= given;
            let quoted = arguments.iter().filter_map(|word| unquoted(word));
            return quoted
                .into_iter()
                .any(|line| inner.clone().of_line(line).is_some());
        }
        self.written(program, arguments)
            .into_iter()
            .any(|place| place == Place::Elsewhere)
    }

    /// Where a tool for files writes to.
    fn written(&self, program: &str, arguments: &[&str]) -> Vec<Place> {
        let operands: Vec<&str> = arguments
            .iter()
            .copied()
            .filter(|word| !is_option(word) && !is_redirection(word))
            .collect();
        let after = |option: &str| {
            let mut words = arguments.iter();
            words
                .find(|word| **word == option)
                .and_then(|_| words.next())
        };
        let all = |words: &[&str]| words.iter().map(|word| self.place(word)).collect();
        match program {
            "rm" | "rmdir" | "mv" | "truncate" | "shred" | "tee" => all(&operands),
            "cp" | "rsync" | "ln" | "install" => operands
                .last()
                .map(|word| self.place(word))
                .into_iter()
                .collect(),
            "chown" | "chmod" | "chgrp" => all(operands.get(1..).unwrap_or_default()),
            "dd" => {
                let to = arguments.iter().filter_map(|word| word.strip_prefix("of="));
                to.map(|word| self.place(word)).collect()
            }
            "unzip" => vec![after("-d").map_or(self.here(), |word| self.place(word))],
            "tar" | "bsdtar" if extracts(arguments) => {
                let long = arguments
                    .iter()
                    .find_map(|word| word.strip_prefix("--directory="));
                let to = long.or_else(|| after("-C").or_else(|| after("--directory")).copied());
                vec![to.map_or(self.here(), |word| self.place(word))]
            }
            _ => Vec::new(),
        }
    }

    fn here(&self) -> Place {
        self.folder.unwrap_or(Place::Unknown)
    }

    fn of_all(&self, words: &[&str]) -> Place {
        let places: Vec<Place> = words.iter().map(|word| self.place(word)).collect();
        let all = |place| places.iter().all(|found| *found == place);
        match () {
            () if all(Place::Meant) => Place::Meant,
            () if places.contains(&Place::Elsewhere) => Place::Elsewhere,
            () => Place::Unknown,
        }
    }

    /// Where a word leads.
    fn place(&self, word: &str) -> Place {
        let plain = word.trim_matches(['"', '\'']);
        let is_own = OWN_BEGINNINGS.iter().any(|own| plain.starts_with(own))
            || OWN_WORDS.iter().any(|own| plain.contains(own));
        if is_own || is_of_target(word) {
            return Place::Meant;
        }
        if let Some(rest) = plain.strip_prefix('$') {
            let rest = rest.trim_start_matches('{');
            let name = rest.split(|c| !is_of_name(c)).next().unwrap_or_default();
            let environment = !name.is_empty() && !name.chars().any(|c| c.is_ascii_lowercase());
            let unset = match environment {
                true => Place::Elsewhere,
                false => Place::Unknown,
            };
            return self.variables.get(name).copied().unwrap_or(unset);
        }
        match plain.starts_with(['/', '~']) {
            true => Place::Elsewhere,
            false => self.here(),
        }
    }
}

fn without_leading<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    let leading = |word: &&str| LEADING.contains(word);
    let count = words.iter().take_while(|word| leading(word)).count();
    &words[count..]
}

fn name_of(word: &str) -> &str {
    let word = word.trim_matches(['"', '\'']);
    word.rsplit('/').next().unwrap_or(word)
}

fn value_of(word: &str) -> &str {
    word.split_once('=').map_or("", |(_, value)| value)
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

fn is_redirection(word: &str) -> bool {
    word.trim_start_matches(|c: char| c.is_ascii_digit())
        .starts_with(['<', '>', '&'])
}

/// What stands between quotes of a whole word.
fn unquoted(word: &str) -> Option<&str> {
    ['"', '\'']
        .iter()
        .find_map(|quote| word.strip_prefix(*quote)?.strip_suffix(*quote))
}

fn extracts(arguments: &[&str]) -> bool {
    let letters = |word: &str| word.chars().all(|c| c.is_ascii_alphabetic());
    arguments.iter().enumerate().any(|(at, word)| match word {
        &"--extract" | &"--get" => true,
        word => {
            let short = word
                .strip_prefix('-')
                .or_else(|| (at == 0).then_some(*word));
            short.is_some_and(|short| {
                let short = short.split('=').next().unwrap_or(short);
                letters(short) && short.contains('x')
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<String> {
        elsewhere(&line.replace("INTO", crate::variables::INTO))
    }

    #[test]
    fn a_command_that_writes_beside_the_target_is_found() {
        for line in [
            r#"psql "$INTO"; psql app"#,
            r#"psql -d app -c 'DROP TABLE t' && psql "$INTO""#,
            r#"dropdb app; createdb -h "$INTO" app"#,
            r#"tar -C "$INTO" -xf -; rm -rf /data/app"#,
            r#"rm -rf "$PGDATA"/*; tar -C "$INTO" -xf -"#,
            r#"cd /data; rm -rf app; tar -C "$INTO" -xf -"#,
            r#"tee /data/dump | psql "$INTO""#,
            r#"tar -C /data -xzf - ; psql "$INTO" -f /data/dump.sql"#,
            r#"cp "$INTO"/x /data/x"#,
            r#"sh -c 'psql app'; psql "$INTO""#,
            r#"sudo -u postgres psql app; sudo -u postgres psql "$INTO""#,
            r#"docker exec db psql app; docker exec -i db psql "$INTO""#,
            r#"old=/data/app; rm -rf "$old"; tar -C "$INTO" -xf -"#,
            r#"redis-cli FLUSHALL; redis-cli -u "$INTO" --pipe"#,
            r#"dd of=/dev/sda; psql "$INTO""#,
        ] {
            assert!(found(line).is_some(), "{line}");
        }
    }

    #[test]
    fn what_a_restore_needs_beside_it_passes() {
        for line in [
            r#"cd "$INTO" && rm -rf old && tar -xf -"#,
            r#"tmp=$(mktemp -d); tar -C "$tmp" -xf -; psql "$INTO" -f "$tmp/dump.sql"; rm -rf "$tmp""#,
            r#"gunzip -c | tee /tmp/dump.sql | psql "$INTO""#,
            r#"export PGHOST="$INTO"; dropdb app; createdb app; psql app"#,
            r#"PGHOST="$INTO" psql app"#,
            r#"target=${INTO:-/data}; rm -rf "$target"/*; tar -C "$target" -xf -"#,
            r#"for f in "$INTO"/*; do rm -rf "$f"; done; tar -C "$INTO" -xf -"#,
            r#"tar -tf - >/dev/null; psql "$INTO""#,
            r#"docker exec -e PGHOST="$INTO" db psql app"#,
            r#"sh -c 'psql "$INTO"'"#,
            r#"test -x /usr/bin/psql && psql "$INTO" 2>/var/log/restore"#,
            r#"cp "$SIDE_CAR_TEMP_DUMP" dump.sql; psql "$INTO" -f dump.sql; rm -f dump.sql"#,
            r#"echo psql; psql "$INTO""#,
            r#"sqlite3 "$INTO" ".restore '$SIDE_CAR_TEMP_DUMP'""#,
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
