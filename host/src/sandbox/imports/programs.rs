//! Interface `programs`: argument vectors that the approved plan names.

use super::commands::{CommandRequest, IntoArtifact, largest};
use crate::command::{Capture, Stdin, Stdout};
use crate::error::Result;
use crate::sandbox::bindings::program_runner::sidecar::strategy::programs::{Host, Program};
use crate::sandbox::bindings::strategy::sidecar::strategy::commands::{Captured, Finished};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::State;

impl Host for State {
    fn run(&mut self, program: Program) -> wasmtime::Result<Result<Finished, Failure>> {
        let finished = self.execute(CommandRequest::from(&program), Stdin::Nothing, Stdout::Log);
        self.answer(finished)
    }

    fn run_into_artifact(
        &mut self,
        program: Program,
    ) -> wasmtime::Result<Result<Finished, Failure>> {
        let Some(artifact) = self.artifact.take() else {
            let missing = self.no_artifact();
            return self.answer(Err(missing));
        };
        let mut sink = IntoArtifact(artifact);
        let order = CommandRequest::from(&program);
        let finished = self.execute(order, Stdin::Nothing, Stdout::Into(&mut sink));
        self.artifact = Some(sink.0);
        self.answer(finished)
    }

    fn run_and_capture(
        &mut self,
        program: Program,
        max_bytes: u32,
    ) -> wasmtime::Result<Result<Captured, Failure>> {
        let mut capture = Capture::new(largest(max_bytes));
        let order = CommandRequest::from(&program);
        let finished = self.execute(order, Stdin::Nothing, Stdout::Into(&mut capture));
        let stdout = capture.into_bytes();
        Ok(self
            .answer(finished)?
            .map(|finished| Captured { finished, stdout }))
    }

    fn feed(
        &mut self,
        program: Program,
        offset: u64,
        length: u64,
    ) -> wasmtime::Result<Result<Finished, Failure>> {
        let range = self
            .source()
            .and_then(|source| source.range(offset, length));
        let finished = range.and_then(|mut range| {
            let order = CommandRequest::from(&program);
            self.execute(order, Stdin::From(&mut range), Stdout::Log)
        });
        self.answer(finished)
    }
}

impl<'a> From<&'a Program> for CommandRequest<'a> {
    fn from(program: &'a Program) -> Self {
        Self {
            what: super::commands::Requested::Argv(&program.argv),
            env: &program.env,
            workdir: program.workdir.as_deref(),
            accept: &program.accept,
        }
    }
}
