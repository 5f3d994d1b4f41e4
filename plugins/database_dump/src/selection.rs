//! Which parts of a backup are restored, and under which names.

use sidecar_sdk::Failure;
use sidecar_sdk::restore::{Part, Request, Selection};

use crate::layout::{GLOBALS, INDEX, database_name};

/// The parts that a restore reads, beside the index.
#[derive(Debug)]
pub(crate) struct RestoreSelection {
    pub(crate) index: Part,
    pub(crate) globals: Option<Part>,
    pub(crate) databases: Vec<SelectedDatabase>,
}

/// A database that is restored.
#[derive(Debug)]
pub(crate) struct SelectedDatabase {
    pub(crate) part: Part,
    /// Its name at the target.
    pub(crate) target: String,
}

impl SelectedDatabase {
    /// Whether it is restored under its original name.
    pub(crate) fn has_original_name(&self) -> bool {
        database_name(&self.part.name) == self.target
    }
}

/// The longest name that a database may have. Servers cut a longer one without a word: another database would be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameLimit {
    Bytes(usize),
    Characters(usize),
    Unlimited,
}

impl NameLimit {
    fn exceeded_by(self, name: &str) -> Option<Failure> {
        let (length, limit, unit) = match self {
            Self::Bytes(limit) => (name.len(), limit, "bytes"),
            Self::Characters(limit) => (name.chars().count(), limit, "characters"),
            Self::Unlimited => return None,
        };
        let message =
            || format!("no database can have the name {name}: it is {length} {unit} long");
        (length > limit).then(|| {
            Failure::new("name-too-long", message()).hint(format!(
                "the server takes {limit} {unit} at most: --only NAME=SHORTER"
            ))
        })
    }
}

/// Everything, or what `--only` names. Fails with every reason why that cannot be done.
pub(crate) fn select<C>(
    request: &Request<C>,
    longest: NameLimit,
) -> Result<RestoreSelection, Vec<Failure>> {
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
    let mut selection = RestoreSelection {
        index,
        globals: None,
        databases: Vec::new(),
    };
    let mut errors = Vec::new();
    for Selection { name, new_name } in only_or_all(request) {
        match part(&name) {
            None => errors.push(missing(&name, &request.parts)),
            Some(_) if name == INDEX => errors.push(missing(&name, &request.parts)),
            Some(globals) if name == GLOBALS => {
                if new_name.is_some() {
                    errors.push(
                        Failure::new("cannot-rename", "the roles of a server have no other name")
                            .hint("write --only globals; a database of that name is --only database:globals"),
                    );
                }
                selection.globals = Some(globals);
            }
            Some(part) => {
                let target = new_name.unwrap_or_else(|| database_name(&name).to_owned());
                errors.extend(longest.exceeded_by(&target));
                if selection
                    .databases
                    .iter()
                    .any(|other| other.target == target)
                {
                    errors.push(
                        Failure::new(
                            "same-target",
                            format!("two databases would both be restored as {target}"),
                        )
                        .hint("give one of them another name: --only NAME=NEW"),
                    );
                }
                selection.databases.push(SelectedDatabase { part, target });
            }
        }
    }
    if errors.is_empty() {
        Ok(selection)
    } else {
        Err(errors)
    }
}

fn only_or_all<C>(request: &Request<C>) -> Vec<Selection> {
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
    let available = parts.iter().map(|part| part.name.as_str());
    let available: Vec<&str> = available.filter(|name| *name != INDEX).collect();
    Failure::new("no-such-part", format!("the backup has no part {name}"))
        .hint(format!("there are: {}", available.join(", ")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
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

    fn targets(selection: &RestoreSelection) -> Vec<&str> {
        let databases = selection.databases.iter();
        databases.map(|database| database.target.as_str()).collect()
    }

    #[test]
    fn all_includes_the_roles_and_only_just_what_it_names() {
        let all = select(&request(&PARTS, &[]), NameLimit::Unlimited).unwrap();
        assert!(all.globals.is_some());
        assert_eq!(targets(&all), ["app1", "globals"]);
        let some = select(
            &request(
                &PARTS,
                &[("app1", Some("copy")), ("database:globals", None)],
            ),
            NameLimit::Unlimited,
        );
        let some = some.unwrap();
        assert!(some.globals.is_none());
        assert_eq!(targets(&some), ["copy", "globals"]);
        assert!(!some.databases[0].has_original_name() && some.databases[1].has_original_name());
    }

    #[test]
    fn every_error_is_reported() {
        let codes = |parts: &[&str], only: &[(&str, Option<&str>)]| {
            let errors = select(&request(parts, only), NameLimit::Unlimited).unwrap_err();
            errors
                .into_iter()
                .map(|error| error.code)
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

    #[test]
    fn a_name_that_the_server_would_cut_is_refused() {
        let codes = |name: &str, longest| {
            let errors = select(&request(&PARTS, &[("app1", Some(name))]), longest).err();
            let errors = errors.into_iter().flatten().map(|error| error.code);
            errors.collect::<Vec<_>>()
        };
        let (bytes, characters) = (NameLimit::Bytes(63), NameLimit::Characters(64));
        let none: [String; 0] = [];
        for (name, longest) in [
            ("x".repeat(63), bytes),
            ("é".repeat(31), bytes),
            ("é".repeat(64), characters),
            ("x".repeat(500), NameLimit::Unlimited),
        ] {
            assert_eq!(codes(&name, longest), none, "{name}");
        }
        for (name, longest) in [
            ("x".repeat(64), bytes),
            ("é".repeat(32), bytes),
            ("x".repeat(65), characters),
        ] {
            assert_eq!(codes(&name, longest), ["name-too-long"], "{name}");
        }
    }
}
