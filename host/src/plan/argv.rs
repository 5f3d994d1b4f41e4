//! Argument vectors: what a plan calls them, and what the operator allows.

use std::path::{Path, PathBuf};

use super::normal;
use crate::config::{Allow, ArgumentKind, ArgumentRule, VaryingArgument, VectorRule};

/// Begins the name of an argument vector among the commands of a plan; a JSON list of texts follows. A host
/// that does not know vectors takes it for a line, and refuses that as one that no operator allows.
const MARKER: &str = "argv:";

/// A program and its arguments, none of which a shell reads.
pub type Argv = Vec<String>;

/// A program that may run, with exactly these arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedProgram {
    /// As the plan names it.
    pub argv: Argv,
    /// What is looked up and run: its first word, unless a test puts another program there.
    pub program: String,
    /// The arguments that the operator allows as paths: each must be one that may be read, when it runs.
    pub paths: Vec<PathBuf>,
}

/// The commands of a plan, told apart: lines for a shell, and argument vectors.
pub fn split(commands: Vec<String>) -> (Vec<String>, Vec<Argv>) {
    let mut argvs = Vec::new();
    let mut lines = Vec::new();
    for command in commands {
        match parse(&command) {
            Some(argv) => argvs.push(argv),
            None => lines.push(command),
        }
    }
    (lines, argvs)
}

fn parse(command: &str) -> Option<Argv> {
    let argv: Argv = serde_json::from_str(command.strip_prefix(MARKER)?).ok()?;
    (!argv.is_empty()).then_some(argv)
}

/// As a list of JSON, which is one of YAML too: `["redis-cli","--rdb","-"]`.
pub fn shown(argv: &[String]) -> String {
    serde_json::Value::from(argv.to_vec()).to_string()
}

/// The program that `allow` makes of a vector; none if no rule allows it.
pub(super) fn granted(allow: &Allow, argv: &[String]) -> Option<GrantedProgram> {
    allow.argv.iter().find_map(|rule| {
        Some(GrantedProgram {
            argv: argv.to_vec(),
            program: argv.first()?.clone(),
            paths: covers(rule, argv, &allow.read)?,
        })
    })
}

/// The same for a caller that has approved it.
pub(super) fn approved(argv: Argv) -> Option<GrantedProgram> {
    Some(GrantedProgram {
        program: argv.first()?.clone(),
        argv,
        paths: Vec::new(),
    })
}

/// The rule that allows a vector, as it was written, if it allows others too.
pub(super) fn rule_of(allow: &Allow, argv: &[String]) -> Option<String> {
    let mut rules = allow.argv.iter();
    let rule = rules.find(|rule| covers(rule, argv, &allow.read).is_some())?;
    let varies = rule
        .iter()
        .any(|word| !matches!(word, ArgumentRule::Fixed(_)));
    varies.then(|| in_words(rule))
}

/// A rule with its words that vary, in words: `tar -cf - -- PATHS…`.
pub(super) fn in_words(rule: &VectorRule) -> String {
    let words = rule.iter().map(|word| match word {
        ArgumentRule::Fixed(text) => text.clone(),
        ArgumentRule::Varying(word) => {
            let kind = match &word.kind {
                ArgumentKind::Word => "WORD".to_owned(),
                ArgumentKind::Number => "NUMBER".to_owned(),
                ArgumentKind::Name => "NAME".to_owned(),
                ArgumentKind::Path => "PATH".to_owned(),
                ArgumentKind::OneOf(words) => words.join("|"),
            };
            let more = if word.rest { "…" } else { "" };
            format!("{}{kind}{more}", word.after)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The paths in a vector that the rule covers; none if it does not cover it.
fn covers(rule: &VectorRule, argv: &[String], read: &[PathBuf]) -> Option<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let mut words = argv.iter();
    for part in rule {
        match part {
            ArgumentRule::Fixed(text) => {
                words.next().filter(|word| *word == text)?;
            }
            ArgumentRule::Varying(part) if part.rest => {
                for word in words.by_ref() {
                    paths.extend(part_covers(part, word, read)?);
                }
            }
            ArgumentRule::Varying(part) => paths.extend(part_covers(part, words.next()?, read)?),
        }
    }
    words.next().is_none().then_some(paths)
}

/// The path in a word that varies, if it is one; none at all if the rule does not cover it.
fn part_covers(part: &VaryingArgument, word: &str, read: &[PathBuf]) -> Option<Option<PathBuf>> {
    let text = word.strip_prefix(part.after.as_str())?;
    // What is listed was written by the operator.
    let is_free = part.after.is_empty() && !matches!(part.kind, ArgumentKind::OneOf(_));
    if text.chars().any(char::is_control) || (text.is_empty() && !part.empty) {
        return None;
    }
    if is_free && !part.dash && text.starts_with(['-', '@']) {
        return None;
    }
    if text.is_empty() {
        return Some(None);
    }
    let fits = match &part.kind {
        ArgumentKind::Word => true,
        ArgumentKind::Number => text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit()),
        ArgumentKind::Name => is_name(text),
        ArgumentKind::OneOf(words) => words.iter().any(|known| known == text),
        ArgumentKind::Path => {
            let path = normal(Path::new(text))?;
            let below = read.iter().any(|root| path.starts_with(root));
            return below.then_some(Some(path));
        }
    };
    fits.then_some(None)
}

/// Letters, digits, `_`, and `.` or `-` behind the first.
fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|c| c.is_alphanumeric() || c == '_')
        && letters.all(|c| c.is_alphanumeric() || "_.-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str) -> ArgumentRule {
        ArgumentRule::Fixed(text.to_owned())
    }

    fn varying(kind: ArgumentKind) -> VaryingArgument {
        VaryingArgument {
            kind,
            after: String::new(),
            dash: false,
            empty: false,
            rest: false,
        }
    }

    fn allows(rule: &VectorRule, argv: &[&str]) -> bool {
        let allow = Allow {
            argv: vec![rule.clone()],
            read: vec!["/data".into()],
            ..Allow::default()
        };
        let argv: Argv = argv.iter().map(|word| (*word).to_owned()).collect();
        granted(&allow, &argv).is_some()
    }

    #[test]
    fn a_plain_word_is_itself() {
        let rule = vec![
            fixed("find"),
            fixed("/data"),
            fixed("-name"),
            fixed("*.sql"),
        ];
        assert!(allows(&rule, &["find", "/data", "-name", "*.sql"]));
        for other in [
            &["find", "/data", "-name", "a.sql"][..],
            &["find", "/data", "-name"],
            &["find", "/data", "-name", "*.sql", "-delete"],
            &["/tmp/find", "/data", "-name", "*.sql"],
        ] {
            assert!(!allows(&rule, other), "{other:?}");
        }
    }

    #[test]
    fn each_kind_covers_what_it_says() {
        let one_of = ArgumentKind::OneOf(vec!["-Fc".into(), "-Fd".into()]);
        let dash = VaryingArgument {
            dash: true,
            ..varying(ArgumentKind::Word)
        };
        let empty = VaryingArgument {
            empty: true,
            ..varying(ArgumentKind::Word)
        };
        let prefixed = VaryingArgument {
            after: "--dbname=".into(),
            ..varying(ArgumentKind::Name)
        };
        let prefixed_word = VaryingArgument {
            after: "--dbname=".into(),
            ..varying(ArgumentKind::Word)
        };
        for (part, word, is_covered) in [
            (varying(ArgumentKind::Word), "a b;$(id)", true),
            (
                varying(ArgumentKind::Word),
                "--checkpoint-action=exec=id",
                false,
            ),
            (varying(ArgumentKind::Word), "@/etc/shadow", false),
            (varying(ArgumentKind::Word), "", false),
            (varying(ArgumentKind::Word), "a\nb", false),
            (varying(ArgumentKind::Word), "a\0b", false),
            (dash.clone(), "-x", true),
            (empty, "", true),
            (varying(ArgumentKind::Number), "6379", true),
            (varying(ArgumentKind::Number), "-1", false),
            (varying(ArgumentKind::Number), "0x1", false),
            (varying(ArgumentKind::Name), "app-1.x", true),
            (varying(ArgumentKind::Name), "app 1", false),
            (varying(ArgumentKind::Name), "host=evil", false),
            (varying(ArgumentKind::Path), "/data/./x", true),
            (varying(ArgumentKind::Path), "/data/../etc", false),
            (varying(ArgumentKind::Path), "/database", false),
            (varying(ArgumentKind::Path), "x", false),
            (varying(one_of.clone()), "-Fd", true),
            (varying(one_of), "-Ft", false),
            (prefixed.clone(), "--dbname=app", true),
            (prefixed.clone(), "--dbname=-app", false),
            (prefixed, "app", false),
            (prefixed_word, "--dbname=-app", true),
        ] {
            let rule = vec![fixed("x"), ArgumentRule::Varying(part)];
            assert_eq!(allows(&rule, &["x", word]), is_covered, "{word:?}");
        }
    }

    #[test]
    fn the_rest_is_judged_word_by_word_and_its_paths_are_kept() {
        let rest = VaryingArgument {
            rest: true,
            ..varying(ArgumentKind::Path)
        };
        let rule = vec![fixed("tar"), fixed("--"), ArgumentRule::Varying(rest)];
        assert!(allows(&rule, &["tar", "--"]));
        assert!(!allows(&rule, &["tar", "--", "/data/a", "/etc/shadow"]));
        assert!(!allows(&rule, &["tar", "--", "-x"]));
        let allow = Allow {
            argv: vec![rule],
            read: vec!["/data".into()],
            ..Allow::default()
        };
        let argv: Argv = ["tar", "--", "/data/a", "/data"].map(str::to_owned).into();
        let paths = granted(&allow, &argv).map(|program| program.paths);
        assert_eq!(paths, Some(vec!["/data/a".into(), "/data".into()]));
        assert_eq!(rule_of(&allow, &argv).as_deref(), Some("tar -- PATH…"));
    }

    #[test]
    fn a_plan_names_lines_and_vectors() {
        let commands = [
            "argv:[\"a\",\"b c\"]",
            "argv:[]",
            "argv:[1]",
            "argv: [\"a\"]",
            "date -u",
        ];
        let (lines, argvs) = split(commands.map(str::to_owned).into());
        assert_eq!(lines, ["argv:[]", "argv:[1]", "date -u"]);
        assert_eq!(argvs, [vec!["a", "b c"], vec!["a"]]);
        assert_eq!(shown(&argvs[0]), "[\"a\",\"b c\"]");
    }
}
