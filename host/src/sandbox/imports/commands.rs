//! Interface `commands`: shell lines that the approved plan names.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::access::by_descriptor;
use crate::artifact::Writer;
use crate::command::{self, Capture, Shell, Sink, Stdin, Stdout};
use crate::error::{Error, Result};
use crate::plan::Grants;
use crate::sandbox::bindings::sidecar::strategy::commands::{Captured, Command, Finished, Host};
use crate::sandbox::bindings::sidecar::strategy::types::Failure;
use crate::sandbox::run::State;

/// The most that `run-and-capture` returns.
const LARGEST_CAPTURE: usize = 16 << 20;

impl Host for State {
    fn run(&mut self, command: Command) -> wasmtime::Result<Result<Finished, Failure>> {
        let finished = self.execute(&command, Stdin::Nothing, Stdout::Log);
        self.settle(finished)
    }

    fn run_into_artifact(
        &mut self,
        command: Command,
    ) -> wasmtime::Result<Result<Finished, Failure>> {
        let Some(artifact) = self.artifact.take() else {
            let missing = self.no_artifact();
            return self.settle(Err(missing));
        };
        let mut sink = IntoArtifact(artifact);
        let finished = self.execute(&command, Stdin::Nothing, Stdout::Into(&mut sink));
        self.artifact = Some(sink.0);
        self.settle(finished)
    }

    fn run_and_capture(
        &mut self,
        command: Command,
        max_bytes: u32,
    ) -> wasmtime::Result<Result<Captured, Failure>> {
        let limit = LARGEST_CAPTURE.min(max_bytes as usize);
        let mut capture = Capture::new(limit);
        let finished = self.execute(&command, Stdin::Nothing, Stdout::Into(&mut capture));
        let stdout = capture.into_bytes();
        Ok(self
            .settle(finished)?
            .map(|finished| Captured { finished, stdout }))
    }
}

/// From the command's pipe into the pipeline's own buffers.
struct IntoArtifact(Writer);

impl Sink for IntoArtifact {
    fn room(&mut self) -> Result<&mut Vec<u8>> {
        self.0.room()
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

impl State {
    pub(super) fn execute<'s>(
        &mut self,
        command: &Command,
        stdin: Stdin<'s>,
        stdout: Stdout<'s>,
    ) -> Result<Finished> {
        let shell = self.commands.check(command)?;
        let workdir = match &command.workdir {
            None => None,
            Some(asked) => Some(
                self.access
                    .open(Path::new(asked), true, OFlags::DIRECTORY)?,
            ),
        };
        let workdir = workdir
            .as_ref()
            .map_or_else(|| self.commands.workdir.clone(), by_descriptor);
        self.reporter.runs(&command.line);
        let mut env = self.commands.env.clone();
        env.extend(
            command
                .env
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let finished = command::Command {
            line: &command.line,
            env,
            workdir: &workdir,
            shell,
            accept: &command.accept,
        }
        .run(stdin, stdout, &self.cancel)?;
        Ok(Finished {
            exit_code: finished.exit_code,
            stdout_bytes: finished.stdout_bytes,
            stderr_tail: finished.stderr_tail,
        })
    }
}

/// What the commands of a run may be and where they run.
pub(crate) struct Commands {
    pub(crate) grants: Grants,
    /// Found when the run started; none when its plan has no commands.
    pub(crate) shell: Option<Shell>,
    /// The container's environment and the helper variables.
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) workdir: PathBuf,
}

impl Commands {
    fn check(&self, command: &Command) -> Result<&Shell> {
        if !self.grants.commands.contains(&command.line) {
            return Err(Error::run(
                "not-granted",
                format!("the command is not in the approved plan: {}", command.line),
            )
            .hint("the module must name every command in its plan"));
        }
        if let Some((name, _)) = command
            .env
            .iter()
            .find(|(name, _)| !self.grants.env.contains(name))
        {
            return Err(Error::run(
                "not-granted",
                format!("the environment variable {name} is not in the approved plan"),
            )
            .hint("the module must name it in its plan, and the configuration must allow it (modules.NAME.allow.env)"));
        }
        self.shell
            .as_ref()
            .ok_or_else(|| Error::run("internal", "the run has no shell"))
    }
}
