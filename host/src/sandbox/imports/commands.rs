//! Interface `commands`: shell lines that the approved plan names; and how they, and programs, are run.

use std::path::Path;

use rustix::fs::OFlags;

use crate::artifact::Writer;
use crate::command::{self, Capture, Invocation, Sink, Stdin, Stdout};
use crate::error::{Error, Result};
use crate::paths::by_descriptor;
use crate::plan;
use crate::sandbox::bindings::strategy::sidecar::strategy::commands::{
    Captured, Command, Finished, Host,
};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::{Restoring, State};

/// The most that `run-and-capture` returns.
const LARGEST_CAPTURE: usize = 16 << 20;
/// The exit code of a command that failed where the run goes on, as the module sees it.
const FORGIVEN: i32 = 1;

impl Host for State {
    fn run(&mut self, command: Command) -> wasmtime::Result<Result<Finished, Failure>> {
        let finished = self.execute(CommandRequest::from(&command), Stdin::Nothing, Stdout::Log);
        self.answer(finished)
    }

    fn run_into_artifact(
        &mut self,
        command: Command,
    ) -> wasmtime::Result<Result<Finished, Failure>> {
        let Some(artifact) = self.artifact.take() else {
            let missing = self.no_artifact();
            return self.answer(Err(missing));
        };
        let mut sink = IntoArtifact(artifact);
        let finished = self.execute(
            CommandRequest::from(&command),
            Stdin::Nothing,
            Stdout::Into(&mut sink),
        );
        self.artifact = Some(sink.0);
        self.answer(finished)
    }

    fn run_and_capture(
        &mut self,
        command: Command,
        max_bytes: u32,
    ) -> wasmtime::Result<Result<Captured, Failure>> {
        let mut capture = Capture::new(largest(max_bytes));
        let finished = self.execute(
            CommandRequest::from(&command),
            Stdin::Nothing,
            Stdout::Into(&mut capture),
        );
        let stdout = capture.into_bytes();
        Ok(self
            .answer(finished)?
            .map(|finished| Captured { finished, stdout }))
    }
}

/// The most that a capture holds.
pub(super) fn largest(max_bytes: u32) -> usize {
    LARGEST_CAPTURE.min(max_bytes as usize)
}

/// Requested a module asks to be run, whichever of the two interfaces it comes through.
pub(super) struct CommandRequest<'a> {
    pub(super) what: Requested<'a>,
    pub(super) env: &'a [(String, String)],
    pub(super) workdir: Option<&'a str>,
    pub(super) accept: &'a [i32],
}

/// A line for the shell, or an argument vector.
pub(super) enum Requested<'a> {
    Line(&'a str),
    Argv(&'a [String]),
}

impl<'a> From<&'a Command> for CommandRequest<'a> {
    fn from(command: &'a Command) -> Self {
        Self {
            what: Requested::Line(&command.line),
            env: &command.env,
            workdir: command.workdir.as_deref(),
            accept: &command.accept,
        }
    }
}

/// From the command's pipe into the pipeline's own buffers.
pub(super) struct IntoArtifact(pub(super) Writer);

impl Sink for IntoArtifact {
    fn room(&mut self) -> Result<&mut Vec<u8>> {
        self.0.room()
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

/// A link, a script or a configuration that the module laid there would act for it.
fn writable(folder: &Path) -> Error {
    let message = format!(
        "commands of this module do not start in {}: the module writes there",
        folder.display()
    );
    Error::run("workdir-is-writable", message)
        .hint("leave out the command's workdir: it starts in an empty folder of its own; name files by SIDE_CAR_WORKDIR")
}

/// Requested the module wrote must not run outside of the sandbox.
fn of_its_own(program: &Path) -> Error {
    let message = format!(
        "{} is no program for this module: it lies where the module writes",
        program.display()
    );
    Error::run("program-is-writable", message)
        .hint("install it elsewhere, and correct modules.NAME.allow.argv")
}

impl State {
    /// Runs what the approved plan names: the one way for lines and for programs.
    pub(super) fn execute<'s>(
        &mut self,
        order: CommandRequest<'_>,
        stdin: Stdin<'s>,
        stdout: Stdout<'s>,
    ) -> Result<Finished> {
        self.commands.check_variables(order.env)?;
        match order.what {
            Requested::Line(line) => {
                let shell = self.commands.shell_for(line)?.clone();
                let what = Invocation::Line {
                    text: line,
                    shell: &shell,
                };
                self.start(line, what, &order, stdin, stdout)
            }
            Requested::Argv(argv) => {
                let (program, paths) = self.commands.program_for(argv)?;
                let program = program.clone();
                for path in &paths {
                    // A link may lead out of what the operator named.
                    self.access.inspect(path, true)?;
                }
                if self.commands.confined.is_some() && self.access.lies_in_own(program.path()) {
                    return Err(of_its_own(program.path()));
                }
                let what = Invocation::Program {
                    file: program.path(),
                    argv,
                };
                self.start(&plan::shown_argv(argv), what, &order, stdin, stdout)
            }
        }
    }

    /// `shown` is how reporters know it.
    fn start<'s>(
        &mut self,
        shown: &str,
        what: Invocation<'_>,
        order: &CommandRequest<'_>,
        stdin: Stdin<'s>,
        stdout: Stdout<'s>,
    ) -> Result<Finished> {
        let workdir = match order.workdir.map(Path::new) {
            None => None,
            Some(asked) if self.commands.confined.is_some() && self.access.is_own(asked) => {
                return Err(writable(asked));
            }
            Some(asked) => Some(self.access.open(asked, true, OFlags::DIRECTORY)?),
        };
        let workdir = workdir
            .as_ref()
            .map_or_else(|| self.commands.workdir.clone(), by_descriptor);
        let target = self.restoring.as_ref().and_then(Restoring::tree);
        let confined = self.commands.confined.as_ref();
        let rules = confined
            .map(|confined| confined.rules(&self.commands.grants, &self.access, target))
            .transpose()?;
        self.reporter.command_starts(shown, order.env)?;
        let mut env = command::inherited_by(order.env, &self.commands.env);
        env.extend(
            order
                .env
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let finished = command::Command {
            what,
            env,
            workdir: &workdir,
            accept: order.accept,
            confined: rules.as_ref(),
        }
        .run(stdin, stdout, &self.cancel);
        let goes_on = !self.cancel.is_cancelled()
            && self
                .reporter
                .command_ended(shown, order.env, finished.as_ref().err());
        match finished {
            Ok(finished) => Ok(Finished {
                exit_code: finished.exit_code,
                stdout_bytes: finished.stdout_bytes,
                stderr_tail: finished.stderr_tail,
            }),
            Err(error) if goes_on => Ok(Finished {
                exit_code: FORGIVEN,
                stdout_bytes: 0,
                stderr_tail: error.message().to_owned(),
            }),
            Err(error) => Err(error),
        }
    }
}
