//! Whether the lines of a restore work elsewhere if they are told to: judged by their text, for nothing else can be known
//! of them. What is refused is what certainly ignores `--into`, or what may reach what was backed up. A line that
//! passes is not proven to be right: what a script does with the variable only its author knows.

use crate::mentions::mentions;
use crate::programs::{ASSIGNING, IDLE, LEADING, expands, is_interpreter};
use crate::shell::{assigned, expansions, is_of_name, simple_commands};
use crate::variables::INTO;
use crate::writers;

/// Why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing in it works on the target.
    NotUsed,
    /// It gives the variable another value.
    Reassigned,
    /// It works on this, which the lines call the target of a restore without `--into`.
    Original(String),
    /// This command of it writes, and is not given the target.
    Beside(String),
}

/// Judges one of the lines of a restore.
pub(crate) fn judge(line: &str, originals: &[String]) -> Result<(), Refusal> {
    if reassigns(line) {
        return Err(Refusal::Reassigned);
    }
    if !uses(line) {
        return Err(Refusal::NotUsed);
    }
    let rest = without_target(line);
    match originals.iter().find(|original| works_on(&rest, original)) {
        Some(original) => Err(Refusal::Original(original.clone())),
        None => writers::elsewhere(line).map_or(Ok(()), |command| Err(Refusal::Beside(command))),
    }
}

/// What the lines restore to without `--into`: `DATA` of `${SIDE_CAR_RESTORE_INTO:-DATA}`.
pub(crate) fn originals<'a>(lines: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines {
        for expansion in expansions(line, INTO, true) {
            let word = [":-", "-", ":=", "="]
                .iter()
                .find_map(|operator| expansion.operator.strip_prefix(operator));
            let word = word.unwrap_or_default().trim_matches(['"', '\'']);
            if word.len() > 1 && !word.contains(INTO) {
                found.push(word.to_owned());
            }
        }
    }
    found
}

/// Whether a command of the line is given the target.
fn uses(line: &str) -> bool {
    let mut names = vec![INTO.to_owned()];
    for simple in simple_commands(line) {
        let words = simple.words.iter().map(String::as_str);
        let words: Vec<&str> = words.skip_while(|word| LEADING.contains(word)).collect();
        let reads = words.iter().any(|word| is_interpreter(word));
        let has = |word: &str| {
            names.iter().any(|name| expands(word, name, reads))
                || reads && mentions(word, INTO) && expansions(word, INTO, true).is_empty()
        };
        let program = words.iter().find(|word| assigned(word).is_none());
        match program {
            Some(program) if !ASSIGNING.contains(program) => {
                let idle = IDLE.contains(program) && !simple.piped;
                if !idle && words.iter().any(|word| has(word)) {
                    return true;
                }
            }
            _ => {
                let set = words.iter().filter(|word| has(word));
                let set: Vec<String> = set
                    .filter_map(|word| assigned(word))
                    .map(str::to_owned)
                    .collect();
                names.extend(set);
            }
        }
    }
    false
}

fn reassigns(line: &str) -> bool {
    simple_commands(line).iter().any(|simple| {
        let takes_names = simple
            .words
            .iter()
            .any(|word| matches!(word.as_str(), "unset" | "read"));
        let mut words = simple.words.iter();
        words.any(|word| assigned(word) == Some(INTO) || takes_names && word == INTO)
    })
}

/// The line without what stands for the target, and without comments.
fn without_target(line: &str) -> String {
    let commands = simple_commands(line).into_iter();
    let words = commands.flat_map(|simple| simple.words).map(|mut word| {
        let ranges = expansions(&word, INTO, true).into_iter();
        let ranges: Vec<_> = ranges.map(|expansion| expansion.range).collect();
        for range in ranges.into_iter().rev() {
            // One may stand in another one.
            if word.is_char_boundary(range.end.min(word.len())) && range.end <= word.len() {
                word.replace_range(range, " ");
            }
        }
        word
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a text works on what a word stands for: a variable, a path, a URL.
fn works_on(text: &str, original: &str) -> bool {
    if let Some(name) = original.strip_prefix('$') {
        let name = name.trim_matches(['{', '}']);
        let name = name.split(|c| !is_of_name(c)).next().unwrap_or(name);
        return !name.is_empty() && !expansions(text, name, true).is_empty();
    }
    text.match_indices(original).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + original.len()..].chars().next();
        let goes_on = |c: char| is_of_name(c) || matches!(c, '-' | '.');
        let is_path = original.starts_with('/');
        !after.is_some_and(goes_on) && !before.is_some_and(|c| goes_on(c) || is_path && c == '/')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(line: &str) -> Result<(), Refusal> {
        let line = line.replace("INTO", super::INTO);
        let lines = [line];
        judge(&lines[0], &originals(&lines))
    }

    #[test]
    fn what_works_on_the_target_passes() {
        for line in [
            r#"tar -C "${INTO:-$DATA}" -xf -"#,
            r#"psql "$INTO""#,
            "psql ${INTO?no target}",
            r#"sh -c 'psql "$INTO"'"#,
            r#"ssh backup 'psql "$INTO"'"#,
            r#"python3 -c 'import os; print(os.environ["INTO"])'"#,
            r#"gunzip -c | mysql --host="$INTO" # restores"#,
            r#"target=${INTO:-/data}; rm -rf "$target"/*; tar -C "$target" -xf -"#,
            r#"export PGHOST="$INTO"
               psql -f - --host "$PGHOST""#,
            r#"PGHOST="$INTO" psql"#,
            r#"echo "$INTO" | xargs -I{} tar -C {} -xf -"#,
            r#"cd "$INTO" && tar -xf -"#,
            r#"test -n "$INTO" && /opt/restore "$INTO""#,
            r#"if [ -n "$INTO" ]; then psql "$INTO"; fi"#,
            r#"/opt/restore --into "$INTO" 2>&1"#,
        ] {
            assert_eq!(judged(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn a_name_that_leads_nowhere_does_not_count() {
        for line in [
            r#": "$INTO"; psql app"#,
            r#"true "$INTO" && psql app"#,
            "echo $INTO; psql app",
            "psql app # $INTO",
            "psql '$INTO'",
            r"psql \$INTO",
            r#"[ -n "$INTO" ] && psql app"#,
            "psql app ${INTO:+--quiet}",
            "psql -d ${INTO##*/}",
            "head -c ${#INTO}; psql app",
            "psql ${INTO_OTHER}",
            "x=$INTO; psql app",
            "grep INTO",
            "INTO",
        ] {
            assert_eq!(judged(line), Err(Refusal::NotUsed), "{line}");
        }
    }

    #[test]
    fn another_value_is_another_target() {
        for line in [
            r#"INTO=/data; tar -C "$INTO" -xf -"#,
            r#"INTO=app psql "$INTO""#,
            r#"export INTO=app; psql "$INTO""#,
            r#"unset INTO; psql "${INTO:-app}""#,
            r#"read -r INTO </etc/target; psql "$INTO""#,
        ] {
            assert_eq!(judged(line), Err(Refusal::Reassigned), "{line}");
        }
    }

    #[test]
    fn what_the_lines_call_the_original_stands_nowhere_else() {
        for (line, original) in [
            (
                r#"rm -rf "$DATA"/*; tar -C "${INTO:-$DATA}" -xf -"#,
                "$DATA",
            ),
            (
                r#"rm -rf ${DATA}/*; tar -C "${INTO:-${DATA}}" -xf -"#,
                "${DATA}",
            ),
            (
                "rm -rf /data/app/*; tar -C ${INTO:-/data/app} -xf -",
                "/data/app",
            ),
            (
                r#"psql postgresql://db/app -c 'DROP TABLE t'; psql "${INTO:-postgresql://db/app}""#,
                "postgresql://db/app",
            ),
        ] {
            let expected = Err(Refusal::Original(original.to_owned()));
            assert_eq!(judged(line), expected, "{line}");
        }
        for line in [
            "tar -C ${INTO:-/data/app} -xf - --exclude /data/apple /data/app.old",
            "rm -rf \"${INTO:-$DATA}\"/*; tar -C \"${INTO:-$DATA}\" -xf - # not $DATA",
        ] {
            assert_eq!(judged(line), Ok(()), "{line}");
        }
    }
}
