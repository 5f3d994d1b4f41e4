//! One run of a module: its store, its thread's event loop, and how it ended.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::Module as Bindings;
use super::bindings::exports::sidecar::strategy::strategy::Run;
use super::grants::{self, Directories};
use super::imports::{Access, Ahead, Commands, TempDump};
use super::interrupt::Interrupt;
use super::limit::MemoryLimit;
use super::module::Module;
use super::restore::Restoring;
use super::stream::Words;
use crate::artifact::Writer;
use crate::artifact::codec::deflate::Deflater;
use crate::cancel::Cancel;
use crate::command::Shell;
use crate::error::{Error, Result};
use crate::plan::Grants;

/// Hears how far a run is.
pub trait Reporter: Send + Sync {
    /// Bytes done, bytes in all if known, and a few words.
    fn report(&self, done: u64, total: Option<u64>, note: Option<&str>);

    /// A command is about to run.
    fn runs(&self, _line: &str) {}
}

/// How a run ended, seen from both sides.
pub struct Ending {
    /// What the module made of it.
    pub answer: Answer,
    /// The first error after which the artifact cannot be good, whatever the module says.
    pub broken: Option<Error>,
    artifact: Option<Writer>,
}

/// How `backup` ended.
#[derive(Debug)]
pub enum Answer {
    /// It returned ok.
    Done,
    /// It returned a failure.
    Failed(Error),
    /// It stopped in the middle.
    Trapped(Error),
}

impl Ending {
    /// The artifact, still unsealed, if it can be good.
    pub fn verdict(self) -> Result<Writer> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        match self.answer {
            Answer::Done => {}
            Answer::Failed(error) | Answer::Trapped(error) => return Err(error),
        }
        self.artifact.ok_or_else(|| {
            Error::run(
                "fifo-not-collected",
                "the module prepared the FIFO and never collected it",
            )
        })
    }
}

/// All that a run needs, decided before it starts.
pub struct Job {
    /// The run's id.
    pub id: String,
    /// `strategy.config` as JSON.
    pub config: String,
    /// What the caller gave for this run.
    pub parameters: Vec<(String, String)>,
    /// What it may do.
    pub grants: Grants,
    /// Where it works.
    pub directories: Directories,
    /// `SIDE_CAR_TEMP_DUMP`.
    pub temp_dump: PathBuf,
    /// The helper variables.
    pub helpers: Vec<(String, String)>,
    /// The container's environment and the helpers, for commands.
    pub env: Vec<(OsString, OsString)>,
    /// Bytes of memory at most.
    pub memory: u64,
    /// Ends it early.
    pub cancel: Cancel,
    /// Hears how far it is.
    pub reporter: Arc<dyn Reporter>,
}

/// What the host keeps for a running module.
pub(crate) struct State {
    pub(super) table: ResourceTable,
    wasi: WasiCtx,
    pub(super) memory: MemoryLimit,
    pub(super) module: String,
    pub(super) access: Access,
    pub(super) ahead: Ahead,
    pub(super) commands: Commands,
    pub(super) temp_dump: TempDump,
    /// Gone while the FIFO is being read.
    pub(super) artifact: Option<Writer>,
    /// There once a file was deflated.
    pub(super) deflater: Option<Deflater>,
    /// Of a restore, which has no artifact.
    pub(super) restoring: Option<Restoring>,
    /// The first error after which the artifact, or the restore, cannot be good.
    pub(super) broken: Option<Error>,
    pub(super) cancel: Cancel,
    pub(super) reporter: Arc<dyn Reporter>,
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
    pub(super) fn bare(
        module: &str,
        helpers: &[(String, String)],
        memory: u64,
        words: &Words,
    ) -> Self {
        Self {
            table: ResourceTable::new(),
            wasi: grants::bare(helpers, words),
            memory: MemoryLimit::new(memory),
            module: module.to_owned(),
            access: Access::none(),
            ahead: Ahead::default(),
            commands: Commands {
                grants: Grants::default(),
                shell: None,
                env: Vec::new(),
                workdir: PathBuf::new(),
            },
            temp_dump: TempDump::new(PathBuf::new()),
            artifact: None,
            deflater: None,
            restoring: None,
            broken: None,
            cancel: Cancel::new(),
            reporter: Arc::new(Silent),
        }
    }

    /// The state of a run, or of a restore, with what it was granted.
    pub(super) fn for_job(module: &Module, job: &Job, words: &Words) -> Result<Self> {
        let shell = match job.grants.commands.as_slice() {
            [] => None,
            _ => Some(Shell::find(job.grants.shell.as_deref())?),
        };
        if let Some(shell) = shell.as_ref().filter(|shell| !shell.has_pipefail()) {
            tracing::warn!(
                shell = %shell.path().display(),
                "this shell does not notice a command that fails inside a pipe; install bash"
            );
        }
        let grants = &job.grants;
        let directories = &job.directories;
        let mut access = Access::new(grants.read.clone(), directories.all(), grants.follow_links)?;
        Ok(Self {
            wasi: grants::granted(grants, directories, &mut access, &job.helpers, words)?,
            memory: MemoryLimit::new(job.memory),
            access,
            commands: Commands {
                grants: grants.clone(),
                shell,
                env: job.env.clone(),
                workdir: directories.workdir.clone(),
            },
            temp_dump: TempDump::new(job.temp_dump.clone()),
            cancel: job.cancel.clone(),
            reporter: job.reporter.clone(),
            ..Self::bare(module.name(), &[], job.memory, words)
        })
    }
}

/// For calls that have nobody to report to.
struct Silent;

impl Reporter for Silent {
    fn report(&self, _: u64, _: Option<u64>, _: Option<&str>) {}
}

/// Runs `backup` to its end on this thread. An error: it never began, or it was cancelled.
pub(super) fn run(module: &Module, job: Job, artifact: Writer) -> Result<Ending> {
    let words = Words::new(module.name());
    let mut state = State::for_job(module, &job, &words)?;
    state.artifact = Some(artifact);
    let request = Run {
        id: job.id,
        config: job.config,
        parameters: job.parameters,
    };
    let (answer, state) = call(module, state, async |store| {
        let instance =
            Bindings::instantiate_async(&mut *store, module.component(), module.linker()).await?;
        let strategy = instance.sidecar_strategy_strategy();
        strategy.call_backup(store, &request).await
    })?;
    let answer = match answer {
        Ok(Ok(())) => Answer::Done,
        Ok(Err(failure)) => Answer::Failed(failure.into()),
        Err(trap) => Answer::Trapped(explain(&trap, module.name(), &state.memory, &words)),
    };
    Ok(Ending {
        answer,
        broken: state.broken,
        artifact: state.artifact,
    })
}

/// Makes one call to its end on this thread, unless it is cancelled. Returns what it answered, or
/// the trap that it ended with, and what it left.
pub(super) fn call<T>(
    module: &Module,
    state: State,
    call: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> Result<(wasmtime::Result<T>, State)> {
    let cancel = state.cancel.clone();
    let _ticking = module.ticking()?;
    let mut store = store(module, state);
    let interrupt = Interrupt::this_thread(&cancel)?;
    let answer = block_on(async {
        tokio::select! {
            answer = call(&mut store) => Ok(answer),
            () = cancel.cancelled() => Err(cancel.error()),
        }
    });
    drop(interrupt);
    let answer = answer??;
    cancel.check()?;
    Ok((answer, store.into_data()))
}

/// A store with its limits set; the deadline yields to the event loop, which knows of cancelling.
pub(super) fn store(module: &Module, state: State) -> Store<State> {
    let mut store = Store::new(module.engine(), state);
    store.limiter(|state| &mut state.memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}

/// Runs a future on this thread, which has no event loop of its own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(future))
        .map_err(|error| {
            Error::run(
                "no-thread",
                format!("cannot start the run's event loop: {error}"),
            )
        })
}

/// What a trap means, in words.
pub(super) fn explain(
    trap: &wasmtime::Error,
    module: &str,
    memory: &MemoryLimit,
    words: &Words,
) -> Error {
    if let Some((used, wanted)) = memory.exceeded {
        return Error::run(
            "out-of-memory",
            format!(
                "module {module} needs more memory than it may use: it has {used} bytes, wants {wanted}, the limit is {}",
                memory.limit()
            ),
        )
        .hint(format!("raise modules.{module}.limits.memory if you trust it with that"));
    }
    let last = words.last();
    let error = Error::run(
        "trapped",
        format!("module {module} stopped: {}", trap.root_cause()),
    );
    if last.is_empty() {
        error
    } else {
        error.hint(format!("its last words: {last}"))
    }
}
