//! One call of a module: its store, its thread's event loop, and what a trap means.

use wasmtime::Store;
use wasmtime::component::ResourceTableError;

use super::engine::Engine;
use super::handles;
use super::interrupt::Interrupt;
use super::limit::MemoryLimit;
use super::output::ModuleOutput;
use super::state::State;
use crate::error::{Error, Result};

/// What Wasmtime says of a call that hands over too much: its error has no public type.
const OUT_OF_FUEL: &str = "fuel allocated for hostcalls";
/// Bytes of one call: no module of before needs fewer, and none got more.
const LEAST_AT_ONCE: u64 = 32 << 20;
const MOST_AT_ONCE: u64 = 128 << 20;

/// Makes one call to its end on this thread, unless it is cancelled. Returns what it answered, or
/// the trap that it ended with, and what it left.
pub(super) fn call<T>(
    engine: &Engine,
    state: State,
    call: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> Result<(wasmtime::Result<T>, State)> {
    let cancel = state.cancel.clone();
    let _ticking = engine.ticker.tick()?;
    let mut store = store(engine, state);
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
pub(super) fn store(engine: &Engine, state: State) -> Store<State> {
    let state_memory = state.memory.limit();
    let mut store = Store::new(&engine.wasmtime, state);
    let most = most_at_once(state_memory);
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(most);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}

/// Bytes that a module may hand over in one call, which are in memory twice then.
fn most_at_once(memory: u64) -> usize {
    (memory / 8).clamp(LEAST_AT_ONCE, MOST_AT_ONCE) as usize
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

/// What a trap means.
pub(super) fn explain(
    trap: &wasmtime::Error,
    module: &str,
    memory: &MemoryLimit,
    output: &ModuleOutput,
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
    if let Some(ResourceTableError::Full) = trap.downcast_ref() {
        return Error::run("too-many-handles", too_many_handles(module));
    }
    let cause = trap.root_cause().to_string();
    if cause.contains(OUT_OF_FUEL) {
        let most = most_at_once(memory.limit());
        let message = format!("module {module} hands over more than {most} bytes in one call");
        return Error::run("too-large-at-once", message)
            .hint("the module must write in pieces: 64 to 256 KiB are fastest");
    }
    let last = output.last();
    let error = Error::run("trapped", format!("module {module} stopped: {cause}"));
    if last.is_empty() {
        error
    } else {
        error.hint(format!("its last words: {last}"))
    }
}

/// Why a module gets no other file, directory, socket or stream.
pub(super) fn too_many_handles(module: &str) -> String {
    let most = handles::of_a_module();
    format!("module {module} has {most} files, directories and streams open, and may have no more")
}
