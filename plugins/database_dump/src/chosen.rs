//! What of a backup is to be restored, and under which names.

use sidecar_sdk::Failure;
use sidecar_sdk::restore::{Part, Request, Selection};

use crate::layout::{GLOBALS, INDEX, database_name};

/// The parts that a restore reads, beside the index.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) index: Part,
    pub(crate) globals: Option<Part>,
    pub(crate) databases: Vec<Restored>,
}

/// A database that comes back.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) part: Part,
    /// What it is called at the target.
    pub(crate) target: String,
}

impl Restored {
    /// Whether it comes back under its own name.
    pub(crate) fn keeps_its_name(&self) -> bool {
        database_name(&self.part.name) == self.target
    }
}

/// Everything, or what the operator names: every reason why that cannot be done.
pub(crate) fn choose<C>(request: &Request<C>) -> Result<Chosen, Vec<Failure>> {
    let part = |name: &str| request.parts.iter().find(|part| part.name == name).cloned();
    let Some(index) = part(INDEX) else {
        return Err(vec![
            Failure::new(
                "no-index",
                "this backup has no index of parts: it was not made with strategy.config.engine",
            )
            .hint("fetch it (sidecar fetch) and give it to the tool that belongs to its format, or use the configuration that it was made with"),
        ]);
    };
    let mut chosen = Chosen {
        index,
        globals: None,
        databases: Vec::new(),
    };
    let mut mistakes = Vec::new();
    for Selection { name, new_name } in everything_or(request) {
        match part(&name) {
            None => mistakes.push(missing(&name, &request.parts)),
            Some(_) if name == INDEX => mistakes.push(missing(&name, &request.parts)),
            Some(globals) if name == GLOBALS => {
                if new_name.is_some() {
                    mistakes.push(
                        Failure::new("cannot-rename", "the roles of a server have no other name")
                            .hint("write --only globals; a database of that name is --only database:globals"),
                    );
                }
                chosen.globals = Some(globals);
            }
            Some(part) => {
                let target = new_name.unwrap_or_else(|| database_name(&name).to_owned());
                if chosen.databases.iter().any(|other| other.target == target) {
                    mistakes.push(
                        Failure::new(
                            "same-target",
                            format!("two databases would both be restored as {target}"),
                        )
                        .hint("give one of them another name: --only NAME=NEW"),
                    );
                }
                chosen.databases.push(Restored { part, target });
            }
        }
    }
    if mistakes.is_empty() {
        Ok(chosen)
    } else {
        Err(mistakes)
    }
}

fn everything_or<C>(request: &Request<C>) -> Vec<Selection> {
    if !request.only.is_empty() {
        return request.only.clone();
    }
    let parts = request.parts.iter().filter(|part| part.name != INDEX);
    parts
        .map(|part| Selection {
            name: part.name.clone(),
            new_name: None,
        })
        .collect()
}

fn missing(name: &str, parts: &[Part]) -> Failure {
    let there = parts.iter().map(|part| part.name.as_str());
    let there: Vec<&str> = there.filter(|name| *name != INDEX).collect();
    Failure::new("no-such-part", format!("the backup has no part {name}"))
        .hint(format!("there are: {}", there.join(", ")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn request(parts: &[&str], only: &[(&str, Option<&str>)]) -> Request<()> {
        let part = |name: &&str| Part {
            name: (*name).to_owned(),
            offset: 0,
            length: 1,
        };
        let selection = |(name, new): &(&str, Option<&str>)| Selection {
            name: (*name).to_owned(),
            new_name: new.map(str::to_owned),
        };
        Request {
            config: (),
            format: String::new(),
            size: 1,
            parts: parts.iter().map(part).collect(),
            only: only.iter().map(selection).collect(),
            into: None,
            replace: false,
        }
    }

    const PARTS: [&str; 4] = ["globals", "app1", "database:globals", "index"];

    fn targets(chosen: &Chosen) -> Vec<&str> {
        let databases = chosen.databases.iter();
        databases.map(|database| database.target.as_str()).collect()
    }

    #[test]
    fn everything_has_the_roles_and_a_selection_only_what_it_names() {
        let all = choose(&request(&PARTS, &[])).unwrap();
        assert!(all.globals.is_some());
        assert_eq!(targets(&all), ["app1", "globals"]);
        let some = choose(&request(
            &PARTS,
            &[("app1", Some("copy")), ("database:globals", None)],
        ));
        let some = some.unwrap();
        assert!(some.globals.is_none());
        assert_eq!(targets(&some), ["copy", "globals"]);
        assert!(!some.databases[0].keeps_its_name() && some.databases[1].keeps_its_name());
    }

    #[test]
    fn every_mistake_is_said() {
        let codes = |parts: &[&str], only: &[(&str, Option<&str>)]| {
            let mistakes = choose(&request(parts, only)).unwrap_err();
            mistakes
                .into_iter()
                .map(|mistake| mistake.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(&["app1"], &[]), ["no-index"]);
        let wrong = [
            ("app2", None),
            ("index", None),
            ("globals", Some("x")),
            ("app1", Some("globals")),
            ("database:globals", None),
        ];
        assert_eq!(
            codes(&PARTS, &wrong),
            [
                "no-such-part",
                "no-such-part",
                "cannot-rename",
                "same-target"
            ]
        );
    }
}
