//! What the host keeps for a running module, and what the host's calls share.

mod commands;
mod confined;
mod copy;
pub(super) mod deflated;
pub(super) mod directory;
mod listed_names;
pub(super) mod open_file;
mod read_ahead;
mod restoring;
mod temp_dump;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::strategy::sidecar::strategy::types::Failure;
use super::bounds;
use super::choices::Choices;
use super::granted_names::GrantedNames;
use super::handles;
use super::job::{Reporter, SandboxJob, Silent};
use super::limit::MemoryLimit;
use super::output::ModuleOutput;
use super::wasi;
use crate::artifact::codec::deflate::Deflater;
use crate::artifact::file_tree::FileTreeSink;
use crate::artifact::{Omissions, Writer};
use crate::cancel::Cancel;
use crate::command::{Program, Shell};
use crate::error::{Error, Result};
use crate::paths::ReadAccess;

pub(super) use commands::GrantedCommands;
pub(super) use confined::ConfinedCommands;
pub(super) use listed_names::ListedNames;
pub(super) use read_ahead::ReadAhead;
pub(super) use restoring::{Restoring, TargetDirectory, no_restore};
pub(super) use temp_dump::TempDump;
pub(super) use tree::{
    Body, LostOwners, RefusedAttribute, TargetEntry, TargetView, Tree, TreeRequest, rolled_back,
};

/// What the host keeps for a running module.
pub(in crate::sandbox) struct State {
    pub(in crate::sandbox) table: ResourceTable,
    wasi: WasiCtx,
    pub(in crate::sandbox) memory: MemoryLimit,
    pub(in crate::sandbox) module: String,
    /// The hosts that it may look up.
    pub(in crate::sandbox) names: GrantedNames,
    pub(in crate::sandbox) output: ModuleOutput,
    pub(in crate::sandbox) access: ReadAccess,
    pub(in crate::sandbox) read_ahead: ReadAhead,
    pub(in crate::sandbox) listed: ListedNames,
    pub(in crate::sandbox) commands: GrantedCommands,
    pub(in crate::sandbox) temp_dump: TempDump,
    /// Gone while the FIFO is being read.
    pub(in crate::sandbox) artifact: Option<Writer>,
    /// Where a run adds files that may make a tree of them.
    pub(in crate::sandbox) tree: Option<FileTreeSink>,
    /// There once a file was deflated.
    pub(in crate::sandbox) deflater: Option<Deflater>,
    /// Of a restore, which has no artifact.
    pub(in crate::sandbox) restoring: Option<Restoring>,
    /// What the operator decided about a restore.
    pub(in crate::sandbox) choices: Choices,
    /// The selections, by number, that were written as one text.
    pub(in crate::sandbox) written_as_one: Vec<usize>,
    /// Of a preflight, which writes nothing.
    pub(in crate::sandbox) looks_only: bool,
    /// What the module has left out.
    pub(in crate::sandbox) omissions: Omissions,
    /// The first error after which the artifact, or the restore, cannot be good.
    pub(in crate::sandbox) broken: Option<Error>,
    pub(in crate::sandbox) cancel: Cancel,
    pub(in crate::sandbox) reporter: Arc<dyn Reporter>,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl State {
    /// The state behind a call that is granted nothing.
    pub(in crate::sandbox) fn bare(
        module: &str,
        helpers: &[(String, String)],
        memory: u64,
        output: &ModuleOutput,
    ) -> Self {
        Self {
            table: handles(),
            wasi: wasi::bare(helpers, output),
            memory: MemoryLimit::new(memory),
            module: module.to_owned(),
            names: GrantedNames::default(),
            output: output.clone(),
            access: ReadAccess::none(),
            read_ahead: ReadAhead::default(),
            listed: ListedNames::default(),
            commands: GrantedCommands::none(),
            temp_dump: TempDump::new(PathBuf::new()),
            artifact: None,
            tree: None,
            deflater: None,
            restoring: None,
            choices: Choices::default(),
            written_as_one: Vec::new(),
            looks_only: false,
            omissions: Omissions::default(),
            broken: None,
            cancel: Cancel::new(),
            reporter: Arc::new(Silent),
        }
    }

    /// The state of a run, or of a restore, with what it was granted.
    pub(in crate::sandbox) fn for_job(
        module: &str,
        job: &SandboxJob,
        output: &ModuleOutput,
    ) -> Result<Self> {
        let shell = match job.grants.commands.as_slice() {
            [] => None,
            _ => Some(Shell::find(job.grants.shell.as_deref())?),
        };
        if let Some(lax) = shell.as_ref().and_then(Shell::is_lax) {
            tracing::warn!(code = lax.code(), hint = lax.hint_text(), "{lax}");
        }
        let grants = &job.grants;
        let directories = &job.directories;
        let programs = commands::find_programs(&grants.programs);
        let started = programs.iter().flatten().map(Program::path);
        let started = started.chain(shell.as_ref().map(Shell::path));
        let confined = ConfinedCommands::of(module, job, started.map(Path::to_owned).collect())?;
        let mut env = job.env.clone();
        if let Some(folder) = &job.command_folder {
            let own = folder.variables().into_iter();
            let own = own.filter(|(name, _)| !grants.env.iter().any(|granted| granted == name));
            env.extend(own.map(|(name, path)| (name.into(), path.into())));
        }
        let mut access = ReadAccess::new(grants, directories.all())?.without(&job.left_out);
        Ok(Self {
            wasi: wasi::granted(grants, directories, &mut access, &job.helpers, output)?,
            memory: MemoryLimit::new(job.memory),
            names: GrantedNames::of(&grants.net),
            access,
            commands: GrantedCommands {
                grants: grants.clone(),
                shell,
                programs,
                env,
                workdir: match &job.command_folder {
                    None => directories.workdir.clone(),
                    Some(folder) => folder.start(),
                },
                confined,
            },
            temp_dump: TempDump::new(job.temp_dump.clone()),
            cancel: job.cancel.clone(),
            reporter: job.reporter.clone(),
            ..Self::bare(module, &[], job.memory, output)
        })
    }
}

impl State {
    /// What the module gets of a host call. An error that makes the artifact worthless fails the run,
    /// even if the module goes on; a cancelled run stops right here.
    pub(in crate::sandbox) fn answer<T>(
        &mut self,
        result: Result<T>,
    ) -> wasmtime::Result<Result<T, Failure>> {
        if self.cancel.is_cancelled() {
            return Err(wasmtime::Error::msg("cancelled"));
        }
        Ok(result.map_err(|error| {
            let error = bounds::error(error);
            let failure = Failure::from(&error);
            self.broken.get_or_insert(error);
            failure
        }))
    }

    /// The artifact, unless the FIFO at `SIDE_CAR_TEMP_DUMP` is writing it.
    pub(in crate::sandbox) fn artifact(&mut self) -> Result<&mut Writer> {
        match self.artifact {
            Some(ref mut artifact) => Ok(artifact),
            None => Err(self.no_artifact()),
        }
    }

    /// Why there is none.
    pub(in crate::sandbox) fn no_artifact(&self) -> Error {
        match self.restoring {
            _ if self.looks_only => in_preflight(),
            Some(_) => Error::run("no-artifact", "a restore writes no artifact"),
            None => busy(),
        }
    }
}

/// What a module's handles point into: as many as leave enough to the server.
fn handles() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(handles::of_a_module());
    table
}

/// A preflight looks, and writes nothing.
pub(in crate::sandbox) fn in_preflight() -> Error {
    Error::run(
        "not-in-preflight",
        "a preflight only looks: it writes neither an artifact nor the temporary dump",
    )
}

fn busy() -> Error {
    Error::run(
        "artifact-busy",
        "the artifact is being written from the FIFO at SIDE_CAR_TEMP_DUMP",
    )
    .hint("a module writes either there or itself, not both at once")
}
