//! Each thing that a module asks for, and whether the operator allows it.

use std::path::Path;

use super::{AccessRequest, argv, line, normal};
use crate::config::Allow;
use crate::error::{Error, Kind};

/// What stands in place of a line.
const HIDDEN: &str = "***";

/// One line of a request, and whether it is allowed: what `sidecar check` prints.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct AccessVerdict {
    /// The kind of access: a key of `modules.NAME.allow`.
    pub access: &'static str,
    /// What the module asked for.
    pub asked: String,
    /// Whether the operator allows it.
    pub allowed: bool,
    /// What else the rule that allows it allows, in words; or why a rule that looks as if it did does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl AccessVerdict {
    /// The same for those who may not see the configuration: command lines are a part of it.
    #[must_use]
    pub fn without_line(self) -> Self {
        match self.access {
            "commands" | "argv" => Self {
                asked: HIDDEN.to_owned(),
                note: None,
                ..self
            },
            _ => self,
        }
    }

    fn new(access: &'static str, asked: &str, allowed: bool) -> Self {
        Self {
            access,
            asked: asked.to_owned(),
            allowed,
            note: None,
        }
    }
}

/// Compares every line of a request with what the operator allows.
pub(super) fn verdicts(asked: &AccessRequest, allow: &Allow) -> Vec<AccessVerdict> {
    let mut verdicts: Vec<AccessVerdict> = Vec::new();
    verdicts.extend(asked.commands.iter().map(|line| of_line(allow, line)));
    verdicts.extend(asked.argv.iter().map(|argv| of_argv(allow, argv)));
    verdicts.extend(asked.read.iter().map(|path| of_path(allow, path)));
    verdicts.extend(asked.net.iter().map(|address| of_address(allow, address)));
    verdicts.extend(asked.env.iter().map(|name| {
        let allowed = allow.env.iter().any(|known| known == name);
        AccessVerdict::new("env", name, allowed)
    }));
    // No wildcard names the shell, which runs all the lines.
    verdicts.extend(asked.shell.iter().map(|shell| {
        let allowed = allow.commands.contains(shell) || allow.lines.contains(shell);
        AccessVerdict::new("commands", shell, allowed)
    }));
    if asked.follow_links {
        verdicts.push(AccessVerdict::new(
            "follow_links",
            "true",
            allow.follow_links,
        ));
    }
    verdicts
}

fn of_line(allow: &Allow, asked: &str) -> AccessVerdict {
    let mut rules = allow.commands.iter();
    let rule = rules.find(|pattern| line::matches(pattern, asked));
    let allowed = rule.is_some() || allow.lines.iter().any(|line| line == asked);
    let note = match rule {
        Some(rule) => line::in_words(rule)
            .filter(|_| rule != asked)
            .map(|words| format!("by `{rule}`: {words}")),
        None if allowed => None,
        None => without_options(allow, asked),
    };
    AccessVerdict {
        note,
        ..AccessVerdict::new("commands", asked, allowed)
    }
}

/// Why a pattern does not cover a line that it covered before `*` stood for no option.
fn without_options(allow: &Allow, asked: &str) -> Option<String> {
    let mut rules = allow.commands.iter();
    let rule = rules.find(|pattern| line::matches_but_for_options(pattern, asked))?;
    Some(format!(
        "the `*` of `{rule}` stands for no option: write `{asked}` beside it, or `{}` to allow any option",
        line::with_options(rule)
    ))
}

fn of_argv(allow: &Allow, asked: &[String]) -> AccessVerdict {
    let allowed = argv::granted(allow, asked).is_some();
    AccessVerdict {
        note: argv::rule_of(allow, asked).map(|rule| format!("by {rule}")),
        ..AccessVerdict::new("argv", &argv::shown(asked), allowed)
    }
}

fn of_path(allow: &Allow, asked: &str) -> AccessVerdict {
    let path = normal(Path::new(asked));
    let root = path
        .as_ref()
        .and_then(|path| allow.read.iter().find(|root| path.starts_with(root)));
    AccessVerdict::new("read", asked, root.is_some())
}

/// "host:port", where the operator may write `*` for the port.
fn of_address(allow: &Allow, asked: &str) -> AccessVerdict {
    let covers = |pattern: &&String| match (pattern.rsplit_once(':'), asked.rsplit_once(':')) {
        (Some((host, "*")), Some((asked_host, port))) => {
            host == asked_host && port.parse::<u16>().is_ok()
        }
        _ => *pattern == asked,
    };
    let rule = allow.net.iter().find(covers);
    let any_port = rule.and_then(|rule| rule.strip_suffix(":*"));
    AccessVerdict {
        note: any_port.map(|host| format!("by {host}:*: every port of {host}, and no other host")),
        ..AccessVerdict::new("net", asked, rule.is_some())
    }
}

/// Everything that is not allowed, in one error; none if all is. `module` names it.
pub(super) fn refusal(module: &str, verdicts: &[AccessVerdict]) -> Option<Error> {
    let refused = || verdicts.iter().filter(|verdict| !verdict.allowed);
    let asked: Vec<String> = refused()
        .map(|verdict| format!("{}: {}", verdict.access, verdict.asked))
        .collect();
    let notes: Vec<&str> = refused()
        .filter_map(|verdict| verdict.note.as_deref())
        .collect();
    let hint = match notes.as_slice() {
        [] => "add it".to_owned(),
        notes => format!("{}; the rest, if there is any,", notes.join("; ")),
    };
    let error = Error::new(
        Kind::Denied,
        "not-allowed",
        format!(
            "module {module} asks for more than it is allowed: {}",
            asked.join("; ")
        ),
    )
    .hint(format!(
        "if you trust it with that, {hint} under modules.{module}.allow; else use another module"
    ));
    (!asked.is_empty()).then_some(error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn notes(allow: &Allow, asked: &AccessRequest) -> Vec<Option<String>> {
        let verdicts = verdicts(asked, allow).into_iter();
        verdicts.map(|verdict| verdict.note).collect()
    }

    #[test]
    fn what_a_wildcard_stands_for_is_spelled_out() {
        let allow = Allow {
            commands: vec!["redis-cli *".into()],
            net: vec!["db:*".into(), "redis:6379".into()],
            ..Allow::default()
        };
        let asked = AccessRequest {
            commands: vec!["redis-cli ping".into(), "redis-cli *".into()],
            net: vec!["db:5432".into(), "redis:6379".into()],
            ..AccessRequest::default()
        };
        let notes = notes(&allow, &asked);
        assert_eq!(
            notes[0].as_deref(),
            Some("by `redis-cli *`: * is plain words that are no options")
        );
        assert_eq!(notes[1], None, "itself");
        assert_eq!(
            notes[2].as_deref(),
            Some("by db:*: every port of db, and no other host")
        );
        assert_eq!(notes[3], None);
    }

    #[test]
    fn a_refused_option_says_what_to_write() {
        let allow = Allow {
            commands: vec!["redis-cli *".into()],
            ..Allow::default()
        };
        let asked = AccessRequest {
            commands: vec!["redis-cli --rdb -".into()],
            ..AccessRequest::default()
        };
        let error = refusal("redis", &verdicts(&asked, &allow)).unwrap();
        let hint = error.hint_text().unwrap();
        for text in ["write `redis-cli --rdb -` beside it", "`redis-cli **`"] {
            assert!(hint.contains(text), "{hint}");
        }
    }
}
