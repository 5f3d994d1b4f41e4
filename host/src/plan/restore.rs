//! What a restore will do, as data: what the module asks for, and whether it may have it.

use std::path::{Path, PathBuf};

use super::{AccessRequest, AccessVerdict, Argv, Grants, normal, refusal};
use crate::config::Allow;
use crate::error::Result;

/// What a module says that a restore will need (`plan-restore`).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct RestorePlan {
    /// Shell lines.
    pub commands: Vec<String>,
    /// Programs with their arguments, which no shell reads.
    pub argv: Vec<Argv>,
    /// The shell for them, if not the default one.
    pub shell: Option<String>,
    /// Environment variables to set for them.
    pub env: Vec<String>,
    /// Absolute files and directories.
    pub read: Vec<String>,
    /// "host:port".
    pub net: Vec<String>,
    /// The parts that will be read. None: the whole backup.
    pub parts: Vec<String>,
    /// Where files are restored into.
    pub directory: Option<String>,
    /// What will happen, a sentence each.
    pub steps: Vec<String>,
}

/// What a restore is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreGrants {
    /// What it shares with a run.
    pub grants: Grants,
    /// Where files are restored into.
    pub directory: Option<PathBuf>,
}

impl RestorePlan {
    /// Grants all of it but the directory: only for a caller that has approved it.
    pub fn granted(&self) -> Grants {
        self.access().granted()
    }

    /// What it has in common with the needs of a run.
    pub fn access(&self) -> AccessRequest {
        AccessRequest {
            commands: self.commands.clone(),
            argv: self.argv.clone(),
            shell: self.shell.clone(),
            read: self.read.clone(),
            follow_links: false,
            net: self.net.clone(),
            env: self.env.clone(),
            compression: None,
        }
    }

    /// Grants the plan, or says everything that is not allowed. `module` names it in the error.
    /// A directory must be one of `directories`: what the operator named for this restore, or in
    /// the configuration.
    pub fn approve(
        &self,
        module: &str,
        allow: &Allow,
        directories: &[PathBuf],
    ) -> Result<RestoreGrants> {
        let request = self.access();
        let mut verdicts = request.verdicts(allow);
        let directory = self.directory.as_ref().map(|path| {
            let found = normal(Path::new(path)).filter(|path| directories.contains(path));
            verdicts.push(AccessVerdict {
                access: "directory",
                asked: path.clone(),
                allowed: found.is_some(),
                note: None,
            });
            found
        });
        match refusal(module, &verdicts) {
            Some(refused) => Err(refused),
            None => Ok(RestoreGrants {
                grants: request.granted().within(allow),
                directory: directory.flatten(),
            }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_directory_is_the_operators_choice() {
        let plan = RestorePlan {
            commands: vec!["redis-cli restore".into()],
            directory: Some("/restored/./here".into()),
            ..RestorePlan::default()
        };
        let allow = Allow {
            commands: vec!["redis-cli *".into()],
            ..Allow::default()
        };
        let here = PathBuf::from("/restored/here");
        let granted = plan
            .approve("redis", &allow, std::slice::from_ref(&here))
            .unwrap();
        assert_eq!(granted.directory, Some(here));
        assert_eq!(granted.grants.commands, ["redis-cli restore"]);
        for chosen in [vec![], vec!["/restored".into()]] {
            let error = plan.approve("redis", &allow, &chosen).unwrap_err();
            assert_eq!(error.kind(), Kind::Denied);
            assert!(
                error.message().contains("directory: /restored/./here"),
                "{error}"
            );
        }
        let error = plan.approve("redis", &Allow::default(), &[]).unwrap_err();
        assert!(
            error.message().contains("redis-cli restore; directory"),
            "{error}"
        );
    }
}
