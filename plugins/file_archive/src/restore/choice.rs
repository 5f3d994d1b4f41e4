//! What of an archive is to be restored, and under which names.

use sidecar_sdk::restore::Selection;
use sidecar_sdk::{Failure, Result};

use super::member::plain;
use crate::pattern::{Patterns, has_wildcard};

/// The operator's `--only`, or everything.
#[derive(Debug)]
pub(crate) struct Choice {
    patterns: Patterns,
    /// The first step of each name that changes, and what it becomes.
    renamed: Vec<Option<(Vec<u8>, Vec<u8>)>>,
}

impl Choice {
    /// Every mistake in what was chosen.
    pub(crate) fn new(only: &[Selection]) -> Result<Self, Vec<Failure>> {
        let mut mistakes = Vec::new();
        for chosen in only {
            if chosen.new_name.is_some() && has_wildcard(&chosen.name) {
                let message = format!("{} names many, and cannot get one new name", chosen.name);
                mistakes.push(Failure::new("ambiguous-name", message).hint(
                    "write a name without wildcards before =, or restore --into another directory",
                ));
            }
        }
        let names: Vec<String> = only.iter().map(|chosen| chosen.name.clone()).collect();
        let patterns = Patterns::new(&names, true).map_err(|(index, error)| {
            let message = format!("{} is not a pattern: {}", names[index], error.msg);
            vec![
                Failure::new("pattern-invalid", message)
                    .hint("write a literal [ as [[], and ** only between slashes"),
            ]
        });
        let bytes = |name: &str| plain(name.as_bytes()).to_owned();
        match patterns {
            Ok(patterns) if mistakes.is_empty() => Ok(Self {
                patterns,
                renamed: only
                    .iter()
                    .map(|chosen| {
                        let new = chosen.new_name.as_ref()?;
                        Some((bytes(&chosen.name), bytes(new)))
                    })
                    .collect(),
            }),
            Ok(_) => Err(mistakes),
            Err(wrong) => Err([mistakes, wrong].concat()),
        }
    }

    /// Which of the selections takes this member, and what it is called then. A directory that is
    /// selected is taken whole.
    pub(crate) fn of(&self, name: &[u8]) -> Option<(usize, Vec<u8>)> {
        if self.renamed.is_empty() {
            return Some((0, name.to_owned()));
        }
        let mut state = self.patterns.start();
        for step in name.split(|byte| *byte == b'/') {
            state = self.patterns.advance(&state, step);
            if let Some(chosen) = self.patterns.matched(&state).next() {
                return Some((chosen, self.renamed(chosen, name)));
            }
        }
        None
    }

    fn renamed(&self, chosen: usize, name: &[u8]) -> Vec<u8> {
        match &self.renamed[chosen] {
            Some((old, new)) => match name.strip_prefix(&old[..]) {
                Some(rest) => [&new[..], rest].concat(),
                None => name.to_owned(),
            },
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn choice(only: &[(&str, Option<&str>)]) -> Result<Choice, Vec<Failure>> {
        let only: Vec<Selection> = only
            .iter()
            .map(|(name, new_name)| Selection {
                name: (*name).to_owned(),
                new_name: new_name.map(str::to_owned),
            })
            .collect();
        Choice::new(&only)
    }

    fn named(choice: &Choice, name: &str) -> Option<(usize, String)> {
        let (chosen, name) = choice.of(name.as_bytes())?;
        Some((chosen, String::from_utf8(name).unwrap()))
    }

    #[test]
    fn without_a_choice_everything_is_taken() {
        let all = choice(&[]).unwrap();
        assert_eq!(named(&all, "."), Some((0, ".".into())));
        assert_eq!(named(&all, "a/.b"), Some((0, "a/.b".into())));
    }

    #[test]
    fn patterns_names_and_whole_directories() {
        let some = choice(&[("etc/**", None), ("var/log", None), ("*.txt", None)]).unwrap();
        for (name, expected) in [
            ("etc", None),
            ("etc/.hidden", Some(0)),
            ("etc/a/b", Some(0)),
            ("var", None),
            ("var/log", Some(1)),
            ("var/log/a/b", Some(1)),
            ("var/logs", None),
            ("a.txt", Some(2)),
            ("b/a.txt", None),
        ] {
            let found = named(&some, name);
            assert_eq!(
                found,
                expected.map(|chosen| (chosen, name.into())),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_can_become_another() {
        let some = choice(&[("etc/app", Some("old/app")), ("b", None)]).unwrap();
        assert_eq!(named(&some, "etc/app"), Some((0, "old/app".into())));
        assert_eq!(named(&some, "etc/app/x"), Some((0, "old/app/x".into())));
        assert_eq!(named(&some, "b"), Some((1, "b".into())));
        let mistakes = choice(&[("etc/*", Some("x")), ("a[", None)]).unwrap_err();
        let codes: Vec<_> = mistakes.iter().map(|mistake| &mistake.code[..]).collect();
        assert_eq!(codes, ["ambiguous-name", "pattern-invalid"]);
    }
}
