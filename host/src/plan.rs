//! What a run will do, as data: what the module asks for, what the operator allows, and the
//! intersection that is granted. Pure: nothing here touches the machine.

mod builtin;
mod line;
mod restore;

use std::path::{Component, Path, PathBuf};

use crate::config::{Allow, Codec};
use crate::error::{Error, Kind, Result};

pub use builtin::{allow as allow_builtin, allow_restore as allow_builtin_restore};
pub use restore::{RestoreGrants, RestorePlan};

/// What a module says that a run will need (`plan-run`).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Request {
    /// Shell lines.
    pub commands: Vec<String>,
    /// The shell for them, if not the default one.
    pub shell: Option<String>,
    /// Absolute files and directories.
    pub read: Vec<String>,
    /// Whether links may lead out of `read`.
    pub follow_links: bool,
    /// "host:port".
    pub net: Vec<String>,
    /// Environment variables.
    pub env: Vec<String>,
    /// How the artifact is compressed, if the strategy decides it.
    pub compression: Option<Codec>,
}

/// What a run is given: a request that was allowed, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Lines that may run, exactly.
    pub commands: Vec<String>,
    /// The shell for them.
    pub shell: Option<String>,
    /// Normalised absolute paths.
    pub read: Vec<PathBuf>,
    /// Whether links may lead out of `read`.
    pub follow_links: bool,
    /// "host:port", the port being a number.
    pub net: Vec<String>,
    /// Environment variables to see and to set.
    pub env: Vec<String>,
}

/// One line of a request, and whether it is allowed: what `sidecar check` prints.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// The kind of access: a key of `modules.NAME.allow`.
    pub access: &'static str,
    /// What the module asked for.
    pub asked: String,
    /// Whether the operator allows it.
    pub allowed: bool,
}

impl Request {
    /// Everything that it asks for, each with the kind of access: a key of `modules.NAME.allow`.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        self.verdicts(&Allow::default())
            .into_iter()
            .map(|verdict| (verdict.access, verdict.asked))
            .collect()
    }

    /// Compares every line with what the operator allows.
    pub fn verdicts(&self, allow: &Allow) -> Vec<Verdict> {
        let lists = [
            ("commands", self.commands.iter().collect::<Vec<_>>()),
            ("read", self.read.iter().collect()),
            ("net", self.net.iter().collect()),
            ("env", self.env.iter().collect()),
        ];
        let mut verdicts: Vec<Verdict> = lists
            .into_iter()
            .flat_map(|(access, asked)| asked.into_iter().map(move |asked| (access, asked)))
            .map(|(access, asked)| Verdict {
                access,
                asked: asked.clone(),
                allowed: allow.permits(access, asked),
            })
            .collect();
        // No wildcard names who runs all the lines.
        verdicts.extend(self.shell.iter().map(|shell| Verdict {
            access: "commands",
            asked: shell.clone(),
            allowed: allow.commands.contains(shell) || allow.lines.contains(shell),
        }));
        if self.follow_links {
            verdicts.push(Verdict {
                access: "follow_links",
                asked: "true".to_owned(),
                allowed: allow.follow_links,
            });
        }
        verdicts
    }

    /// Grants the request, or says everything that is not allowed. `module` names it in the error.
    pub fn approve(self, module: &str, allow: &Allow) -> Result<Grants> {
        match refusal(module, &self.verdicts(allow)) {
            Some(refused) => Err(refused),
            None => Ok(self.granted()),
        }
    }

    /// Grants all of it: only for those who may.
    pub fn granted(self) -> Grants {
        Grants {
            commands: self.commands,
            shell: self.shell,
            read: self
                .read
                .iter()
                .filter_map(|path| normal(Path::new(path)))
                .collect(),
            follow_links: self.follow_links,
            net: self.net,
            env: self.env,
        }
    }
}

/// Everything that is not allowed, in one error; none if all is.
fn refusal(module: &str, verdicts: &[Verdict]) -> Option<Error> {
    let refused: Vec<String> = verdicts
        .iter()
        .filter(|verdict| !verdict.allowed)
        .map(|verdict| format!("{}: {}", verdict.access, verdict.asked))
        .collect();
    let error = Error::new(
        Kind::Denied,
        "not-allowed",
        format!(
            "module {module} asks for more than it is allowed: {}",
            refused.join("; ")
        ),
    )
    .hint(format!(
        "if you trust it with that, add it under modules.{module}.allow; else use another module"
    ));
    (!refused.is_empty()).then_some(error)
}

impl Allow {
    fn permits(&self, access: &str, asked: &str) -> bool {
        match access {
            "commands" => {
                self.lines.iter().any(|line| line == asked)
                    || self
                        .commands
                        .iter()
                        .any(|pattern| line::matches(pattern, asked))
            }
            "read" => normal(Path::new(asked))
                .is_some_and(|asked| self.read.iter().any(|root| asked.starts_with(root))),
            "net" => self
                .net
                .iter()
                .any(|pattern| address_matches(pattern, asked)),
            "env" => self.env.iter().any(|name| name == asked),
            _ => false,
        }
    }
}

/// "host:port", where the operator may write `*` for the port.
fn address_matches(pattern: &str, asked: &str) -> bool {
    match (pattern.rsplit_once(':'), asked.rsplit_once(':')) {
        (Some((host, "*")), Some((asked_host, port))) => {
            host == asked_host && port.parse::<u16>().is_ok()
        }
        _ => pattern == asked,
    }
}

/// An absolute path without `.` and repeated slashes; none if it is relative or has `..`,
/// which cannot be judged without looking at the disk.
pub fn normal(path: &Path) -> Option<PathBuf> {
    let parts: Vec<Component<'_>> = path.components().collect();
    let plain = parts.first() == Some(&Component::RootDir)
        && parts[1..]
            .iter()
            .all(|part| matches!(part, Component::Normal(_)));
    plain.then(|| parts.into_iter().collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn allow() -> Allow {
        Allow {
            commands: vec!["redis-cli *".into()],
            lines: Vec::new(),
            read: vec!["/data".into()],
            net: vec!["redis:6379".into(), "db:*".into()],
            env: vec!["REDIS_URL".into()],
            follow_links: false,
        }
    }

    #[test]
    fn what_is_allowed_is_granted() {
        let request = Request {
            commands: vec!["redis-cli --rdb -".into()],
            read: vec!["/data/./redis/".into()],
            net: vec!["db:5432".into()],
            env: vec!["REDIS_URL".into()],
            ..Request::default()
        };
        let grants = request.approve("redis", &allow()).unwrap();
        assert_eq!(grants.read, [PathBuf::from("/data/redis")]);
        assert_eq!(grants.commands, ["redis-cli --rdb -"]);
    }

    #[test]
    fn every_refused_line_is_named() {
        let request = Request {
            commands: vec!["redis-cli ping; id".into()],
            shell: Some("/tmp/evil".into()),
            read: vec!["/data/../etc".into(), "/database".into(), "data".into()],
            follow_links: true,
            net: vec!["db:".into(), "redis:22".into()],
            env: vec!["LD_PRELOAD".into()],
            compression: None,
        };
        let error = request.approve("redis", &allow()).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        for refused in [
            "ping; id",
            "/tmp/evil",
            "/data/../etc",
            "/database",
            "read: data",
            "net: db:",
            "redis:22",
            "LD_PRELOAD",
            "follow_links",
        ] {
            assert!(
                error.message().contains(refused),
                "{refused} is missing in: {error}"
            );
        }
    }
}
