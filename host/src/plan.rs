//! What a run will do, as data: what the module asks for, what the operator allows, and the
//! intersection that is granted. Pure: nothing here touches the machine.

mod arguments;
mod argv;
mod builtin;
mod line;
mod restore;
mod rules;
mod verdict;

use std::path::{Component, Path, PathBuf};

use crate::config::{Allow, Codec};
use crate::error::Result;

pub use argv::{Argv, GrantedProgram, shown as shown_argv, split as split_commands};
pub use builtin::{
    OUTCOME, allow as allow_builtin, allow_restore as allow_builtin_restore, command_lines,
};
pub use restore::{RestoreGrants, RestorePlan};
pub use rules::{AllowedRule, in_words as rules_in_words};
pub use verdict::AccessVerdict;

use verdict::{refusal, verdicts};

/// What a module says that a run will need (`plan-run`).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct AccessRequest {
    /// Shell lines.
    pub commands: Vec<String>,
    /// Programs with their arguments, which no shell reads.
    pub argv: Vec<Argv>,
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
    /// Programs that may run, each with exactly its arguments.
    pub programs: Vec<GrantedProgram>,
    /// The shell for them.
    pub shell: Option<String>,
    /// Normalised absolute paths.
    pub read: Vec<PathBuf>,
    /// What the operator names, and `read` lies in. Links lead out of none of it, whichever part of it
    /// the module asks for.
    pub roots: Vec<PathBuf>,
    /// Whether links may lead out of `read`.
    pub follow_links: bool,
    /// "host:port", the port being a number.
    pub net: Vec<String>,
    /// Environment variables to see and to set.
    pub env: Vec<String>,
}

impl AccessRequest {
    /// Everything that it asks for, each with the kind of access: a key of `modules.NAME.allow`.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        self.verdicts(&Allow::default())
            .into_iter()
            .map(|verdict| (verdict.access, verdict.asked))
            .collect()
    }

    /// All that it asks for, allowed: for one that was approved as it is.
    pub fn all_allowed(&self) -> Vec<AccessVerdict> {
        let verdicts = self.verdicts(&Allow::default()).into_iter();
        let allowed = verdicts.map(|verdict| AccessVerdict {
            allowed: true,
            note: None,
            ..verdict
        });
        allowed.collect()
    }

    /// Compares every line with what the operator allows.
    pub fn verdicts(&self, allow: &Allow) -> Vec<AccessVerdict> {
        verdicts(self, allow)
    }

    /// Asks for all that another one asks for, too.
    pub fn add(&mut self, other: Self) {
        fn merge<T: PartialEq>(into: &mut Vec<T>, more: Vec<T>) {
            for one in more {
                if !into.contains(&one) {
                    into.push(one);
                }
            }
        }
        merge(&mut self.commands, other.commands);
        merge(&mut self.argv, other.argv);
        merge(&mut self.read, other.read);
        merge(&mut self.net, other.net);
        merge(&mut self.env, other.env);
        self.shell = self.shell.take().or(other.shell);
        self.follow_links |= other.follow_links;
    }

    /// Grants the request, or says everything that is not allowed. `module` names it in the error.
    pub fn approve(self, module: &str, allow: &Allow) -> Result<Grants> {
        match refusal(module, &self.verdicts(allow)) {
            Some(refused) => Err(refused),
            None => Ok(self.granted().within(allow)),
        }
    }

    /// Grants all of it: only for a caller that has approved it.
    pub fn granted(self) -> Grants {
        let paths = self.read.iter();
        let read: Vec<PathBuf> = paths.filter_map(|path| normal(Path::new(path))).collect();
        let programs = self.argv.into_iter().filter_map(argv::approved);
        Grants {
            commands: self.commands,
            programs: programs.collect(),
            shell: self.shell,
            roots: read.clone(),
            read,
            follow_links: self.follow_links,
            net: self.net,
            env: self.env,
        }
    }
}

impl Grants {
    /// The same with one executable file instead of the shell and of every program: for tests.
    #[must_use]
    pub fn with_stand_in(mut self, file: &str) -> Self {
        if !self.commands.is_empty() {
            self.shell = Some(file.to_owned());
        }
        for program in &mut self.programs {
            file.clone_into(&mut program.program);
            program.paths.clear();
        }
        self
    }

    /// The same, judged by what the operator names rather than by what the module asks for.
    fn within(self, allow: &Allow) -> Self {
        let programs = self.programs.into_iter();
        Self {
            roots: allow.read.clone(),
            programs: programs
                .filter_map(|program| argv::granted(allow, &program.argv))
                .collect(),
            ..self
        }
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
    use crate::error::Kind;

    fn allow() -> Allow {
        Allow {
            commands: vec!["redis-cli --rdb *".into()],
            read: vec!["/data".into()],
            net: vec!["redis:6379".into(), "db:*".into()],
            env: vec!["REDIS_URL".into()],
            ..Allow::default()
        }
    }

    #[test]
    fn what_is_allowed_is_granted() {
        let request = AccessRequest {
            commands: vec!["redis-cli --rdb dump.rdb".into()],
            read: vec!["/data/./redis/".into()],
            net: vec!["db:5432".into()],
            env: vec!["REDIS_URL".into()],
            ..AccessRequest::default()
        };
        let grants = request.approve("redis", &allow()).unwrap();
        assert_eq!(grants.read, [PathBuf::from("/data/redis")]);
        assert_eq!(grants.commands, ["redis-cli --rdb dump.rdb"]);
    }

    #[test]
    fn every_refused_line_is_named() {
        let request = AccessRequest {
            commands: vec!["redis-cli ping; id".into()],
            argv: vec![vec!["id".into()]],
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
            r#"argv: ["id"]"#,
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
