//! The commands that the approved plan names.

use std::ffi::OsString;
use std::path::PathBuf;

use super::confined::ConfinedCommands;
use crate::command::{Program, Shell};
use crate::error::{Error, Result};
use crate::plan::{self, GrantedProgram, Grants};

/// What the commands of a run may be and where they run.
pub(in crate::sandbox) struct GrantedCommands {
    pub(in crate::sandbox) grants: Grants,
    /// Found when the run started; none when its plan has no commands.
    pub(in crate::sandbox) shell: Option<Shell>,
    /// The programs of the plan as they were when the run started; none for those that were not there.
    pub(in crate::sandbox) programs: Vec<Option<Program>>,
    /// The container's environment and the helper variables.
    pub(in crate::sandbox) env: Vec<(OsString, OsString)>,
    pub(in crate::sandbox) workdir: PathBuf,
    /// Of a module that is not built in: its commands do not start in a folder that it writes, and the kernel
    /// lets them do what was granted.
    pub(in crate::sandbox) confined: Option<ConfinedCommands>,
}

impl GrantedCommands {
    /// No commands.
    pub(in crate::sandbox) fn none() -> Self {
        Self {
            grants: Grants::default(),
            shell: None,
            programs: Vec::new(),
            env: Vec::new(),
            workdir: PathBuf::new(),
            confined: None,
        }
    }

    /// The shell, if the approved plan has the line.
    pub(in crate::sandbox) fn shell_for(&self, line: &str) -> Result<&Shell> {
        if !self.grants.commands.iter().any(|granted| granted == line) {
            return Err(not_planned("command", line));
        }
        self.shell
            .as_ref()
            .ok_or_else(|| Error::run("internal", "the run has no shell"))
    }

    /// The program, if the approved plan has the vector, and those of its arguments that must be paths that
    /// may be read.
    pub(in crate::sandbox) fn program_for(
        &self,
        argv: &[String],
    ) -> Result<(&Program, Vec<PathBuf>)> {
        let mut granted = self.grants.programs.iter().zip(&self.programs);
        let Some((granted, found)) = granted.find(|(granted, _)| granted.argv == argv) else {
            return Err(not_planned("program", &plan::shown_argv(argv)));
        };
        let found = found
            .as_ref()
            .ok_or_else(|| Program::not_found(&granted.program))?;
        found.check()?;
        Ok((found, granted.paths.clone()))
    }

    /// Fails for a variable that the approved plan does not have.
    pub(in crate::sandbox) fn check_variables(&self, env: &[(String, String)]) -> Result<()> {
        match env.iter().find(|(name, _)| !self.grants.env.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::run(
                "not-granted",
                format!("the environment variable {name} is not in the approved plan"),
            )
            .hint("the module must name it in its plan, and the configuration must allow it (modules.NAME.allow.env)")),
        }
    }
}

/// Looks up the programs of a plan, once for a run.
pub(in crate::sandbox) fn find_programs(granted: &[GrantedProgram]) -> Vec<Option<Program>> {
    let found = granted
        .iter()
        .map(|granted| Program::find(&granted.program));
    found.map(Result::ok).collect()
}

fn not_planned(what: &str, asked: &str) -> Error {
    Error::run(
        "not-granted",
        format!("the {what} is not in the approved plan: {asked}"),
    )
    .hint(format!("the module must name every {what} in its plan"))
}
