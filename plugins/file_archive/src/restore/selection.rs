//! Which members of an archive are restored, and under which names.

use sidecar_sdk::restore::Selection;
use sidecar_sdk::{Failure, Result};

use super::member::normalized;
use crate::pattern::{Patterns, has_wildcard};

/// The operator's `--only`, or everything.
#[derive(Debug)]
pub(crate) struct MemberSelection {
    patterns: Patterns,
    /// For each selection with a new name: the old name and the new one.
    renamed: Vec<Option<(Vec<u8>, Vec<u8>)>>,
}

impl MemberSelection {
    /// Parses the selections, or returns every error in them.
    pub(crate) fn new(only: &[Selection]) -> Result<Self, Vec<Failure>> {
        let mut errors = Vec::new();
        for selection in only {
            if selection.new_name.is_some() && has_wildcard(&selection.name) {
                let message = format!("{} names many, and cannot get one new name", selection.name);
                errors.push(Failure::new("ambiguous-name", message).hint(
                    "write a name without wildcards before =, \\= if the = is part of a name, or restore --into another directory",
                ));
            }
        }
        let names: Vec<String> = only
            .iter()
            .map(|selection| selection.name.clone())
            .collect();
        let patterns = Patterns::new(&names, true).map_err(|(index, error)| {
            let message = format!("{} is not a pattern: {}", names[index], error.msg);
            vec![
                Failure::new("pattern-invalid", message)
                    .hint("write a literal [ as [[], and ** only between slashes"),
            ]
        });
        let bytes = |name: &str| normalized(name.as_bytes()).to_owned();
        match patterns {
            Ok(patterns) if errors.is_empty() => Ok(Self {
                patterns,
                renamed: only
                    .iter()
                    .map(|selection| {
                        let new = selection.new_name.as_ref()?;
                        Some((bytes(&selection.name), bytes(new)))
                    })
                    .collect(),
            }),
            Ok(_) => Err(errors),
            Err(invalid) => Err([errors, invalid].concat()),
        }
    }

    /// The index of the selection that matches this member, and the member's new name. A selected
    /// directory includes everything below it.
    pub(crate) fn matching(&self, name: &[u8]) -> Option<(usize, Vec<u8>)> {
        if self.renamed.is_empty() {
            return Some((0, name.to_owned()));
        }
        let mut state = self.patterns.start();
        for step in name.split(|byte| *byte == b'/') {
            state = self.patterns.advance(&state, step);
            if let Some(selected) = self.patterns.matched(&state).next() {
                return Some((selected, self.renamed(selected, name)));
            }
        }
        None
    }

    fn renamed(&self, selected: usize, name: &[u8]) -> Vec<u8> {
        match &self.renamed[selected] {
            Some((old, new)) => match name.strip_prefix(&old[..]) {
                Some(rest) => [&new[..], rest].concat(),
                None => name.to_owned(),
            },
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn selection(only: &[(&str, Option<&str>)]) -> Result<MemberSelection, Vec<Failure>> {
        let only: Vec<Selection> = only
            .iter()
            .map(|(name, new_name)| Selection {
                name: (*name).to_owned(),
                new_name: new_name.map(str::to_owned),
            })
            .collect();
        MemberSelection::new(&only)
    }

    fn named(selection: &MemberSelection, name: &str) -> Option<(usize, String)> {
        let (selected, name) = selection.matching(name.as_bytes())?;
        Some((selected, String::from_utf8(name).unwrap()))
    }

    #[test]
    fn without_a_selection_everything_matches() {
        let all = selection(&[]).unwrap();
        assert_eq!(named(&all, "."), Some((0, ".".into())));
        assert_eq!(named(&all, "a/.b"), Some((0, "a/.b".into())));
    }

    #[test]
    fn patterns_names_and_whole_directories() {
        let some = selection(&[("etc/**", None), ("var/log", None), ("*.txt", None)]).unwrap();
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
                expected.map(|selected| (selected, name.into())),
                "{name}"
            );
        }
    }

    #[test]
    fn a_member_can_be_renamed() {
        let some = selection(&[("etc/app", Some("old/app")), ("b", None)]).unwrap();
        assert_eq!(named(&some, "etc/app"), Some((0, "old/app".into())));
        assert_eq!(named(&some, "etc/app/x"), Some((0, "old/app/x".into())));
        assert_eq!(named(&some, "b"), Some((1, "b".into())));
        let errors = selection(&[("etc/*", Some("x")), ("a[", None)]).unwrap_err();
        let codes: Vec<_> = errors.iter().map(|error| &error.code[..]).collect();
        assert_eq!(codes, ["ambiguous-name", "pattern-invalid"]);
    }
}
