//! Which variables a command line needs that are not set anywhere.
//!
//! Not a shell: it knows quotes, comments and the common ways to assign a variable, and looks only
//! at `${NAME}`: `${NAME:-…}`, `$NAME` and `set -u` say already what happens when it is not set.

use std::collections::BTreeSet;

use super::expansion::is_variable_name;

/// What the sidecar sets for every command.
const HELPERS: [&str; 10] = [
    "SIDE_CAR_WORKDIR",
    "SIDE_CAR_ARTIFACTS_DIR",
    "SIDE_CAR_TEMP_DUMP",
    "SIDE_CAR_STRATEGY",
    "SIDE_CAR_DRIVE_FOLDER_ID",
    "SIDE_CAR_OUTCOME",
    "SIDE_CAR_RESTORE_ONLY",
    "SIDE_CAR_RESTORE_INTO",
    "SIDE_CAR_RESTORE_REPLACE",
    "SIDE_CAR_DRILL_INTO",
];

/// What shells set.
const SHELL: [&str; 17] = [
    "BASHPID",
    "BASH_VERSION",
    "EUID",
    "HOSTNAME",
    "IFS",
    "LINENO",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "PIPESTATUS",
    "PPID",
    "PWD",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHLVL",
    "UID",
];

/// The names that stand as `${NAME}` in `line`, are not `known`, and are not assigned in it.
/// Each once, in the order of the line.
pub(in crate::config) fn missing(line: &str, known: impl Fn(&str) -> bool) -> Vec<String> {
    let line = expandable(line);
    let assigned = assigned(&line);
    let mut missing: Vec<String> = Vec::new();
    for start in line.match_indices("${").map(|(index, _)| index + 2) {
        let Some(end) = line[start..].find('}') else {
            continue;
        };
        let name = &line[start..start + end];
        if is_variable_name(name)
            && !HELPERS.contains(&name)
            && !SHELL.contains(&name)
            && !assigned.contains(name)
            && !known(name)
            && !missing.iter().any(|known| known == name)
        {
            missing.push(name.to_owned());
        }
    }
    missing
}

/// The line without what a shell does not expand: single quotes, comments, escaped characters.
fn expandable(line: &str) -> String {
    let mut expandable = String::new();
    let mut characters = line.chars().peekable();
    let mut in_double_quotes = false;
    let mut at_word_start = true;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
                expandable.push('_');
            }
            '\'' if !in_double_quotes => {
                characters.by_ref().find(|next| *next == '\'');
                expandable.push('_');
            }
            '#' if at_word_start && !in_double_quotes => {
                while characters.next_if(|next| *next != '\n').is_some() {}
            }
            '"' => {
                in_double_quotes = !in_double_quotes;
                expandable.push('"');
            }
            _ => expandable.push(character),
        }
        at_word_start = character.is_whitespace() || ";&|(".contains(character);
    }
    expandable
}

/// The names that the line gives a value: `NAME=…`, `for NAME in`, `read NAME …`.
fn assigned(line: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let is_end = |character: char| character.is_whitespace() || ";&|()\"`".contains(character);
    let mut before = "";
    let mut reading = false;
    let mut rest = line;
    while !rest.is_empty() {
        let (word, end) = match rest.find(is_end) {
            Some(0) => {
                let end = rest.chars().next().unwrap_or_default();
                reading &= end == ' ' || end == '\t' || end == '"';
                rest = &rest[end.len_utf8()..];
                continue;
            }
            Some(length) => rest.split_at(length),
            None => (rest, ""),
        };
        if let Some((name, _)) = word.split_once('=') {
            let name = name.trim_end_matches('+');
            if is_variable_name(name) {
                names.insert(name);
            }
        }
        if (reading || before == "for" || before == "getopts") && is_variable_name(word) {
            names.insert(word);
        }
        reading |= word == "read";
        before = word;
        rest = end;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_in(line: &str) -> Vec<String> {
        missing(line, |name| name == "KNOWN")
    }

    #[test]
    fn names_what_is_not_set() {
        assert_eq!(
            missing_in(r#"pg_dump "${A}" ${B} ${A} ${KNOWN}"#),
            ["A", "B"]
        );
        assert_eq!(missing_in("cp x ${SIDE_CAR_TEMP_DUMP} ${PWD}"), [""; 0]);
    }

    #[test]
    fn ignores_what_the_shell_does_not_expand() {
        assert_eq!(
            missing_in(r#"echo '${A}' "it's ${B}" \${C} '"' ${D}"#),
            ["B", "D"]
        );
        assert_eq!(missing_in("# don't ${A}\necho ${B} a#${C}"), ["B", "C"]);
        assert_eq!(missing_in("echo ${A:-x} $A ${#A} ${A%.*}"), [""; 0]);
    }

    #[test]
    fn ignores_what_the_line_assigns() {
        assert_eq!(missing_in("A=1; B=2 cmd ${A} ${B} ${C}"), ["C"]);
        assert_eq!(missing_in("for f in *; do echo ${f}; done"), [""; 0]);
        assert_eq!(
            missing_in("while IFS= read -r a b; do echo ${a} ${b}; done"),
            [""; 0]
        );
        assert_eq!(missing_in("read a; echo b ${b}"), ["b"]);
        assert_eq!(missing_in("export A=x && (local B=y) ${A}${B}"), [""; 0]);
        assert_eq!(missing_in("x=\"$(A=1 cmd)\" ${A}"), [""; 0]);
    }
}
