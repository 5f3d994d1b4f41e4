//! Compiles components in a process of its own, which the system ends when it takes too much memory or time: a file
//! of a few megabytes can ask a compiler for gigabytes, and none of its other limits says how many.
//!
//! The process is this same program, started with a hidden argument. What it compiles is as good as what is
//! compiled here.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::available_parallelism;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Strategy};

use super::cache::load_code;
use super::container_memory::{container_memory, left_for_modules};

const ARGUMENT: &str = "--sidecar-compile";
/// Bytes of memory that compiling may take, if the container has as much.
const MOST_MEMORY: u64 = 640 << 20;
/// The least that is tried: a Python module with its interpreter needs it.
const LEAST_MEMORY: u64 = 256 << 20;
/// Seconds of processor time.
const MOST_TIME: u64 = 300;
/// Functions that are compiled at once need memory at once.
const MOST_THREADS: usize = 4;

/// Whether this program is one that can be started as the compiler: not so in unit tests.
static IS_PROGRAM: AtomicBool = AtomicBool::new(false);

/// Becomes the compiler if this process was started as one, and then does not return. Called first in `main`.
pub fn main_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT) {
        IS_PROGRAM.store(true, Relaxed);
        return;
    }
    let memory = arguments
        .next()
        .and_then(|bytes| bytes.to_str()?.parse().ok());
    let compiled = compile_as_asked(memory.unwrap_or(LEAST_MEMORY));
    if let Err(error) = compiled {
        // To the process that waits for the code.
        let _ = writeln!(std::io::stderr(), "{error:#}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

/// From stdin to stdout, within the limits.
fn compile_as_asked(memory: u64) -> wasmtime::Result<()> {
    let both = |most| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(Resource::Data, both(memory))?;
    setrlimit(Resource::Cpu, both(MOST_TIME))?;
    setrlimit(Resource::Core, both(0))?;
    // If the container has no memory left all the same, this process is the one to end.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let mut wasm = Vec::new();
    std::io::stdin().read_to_end(&mut wasm)?;
    let code = Engine::new(&configuration())?.precompile_component(&wasm)?;
    std::io::stdout().write_all(&code)?;
    Ok(())
}

/// Of the engine here, and of the one that compiles.
pub(super) fn configuration() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .wasm_component_model(true)
        .epoch_interruption(true);
    config
}

/// Compiles a component.
pub(super) fn compile(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Component> {
    if !IS_PROGRAM.load(Relaxed) {
        return Component::new(engine, wasm);
    }
    let memory = left_for_modules(container_memory()).clamp(LEAST_MEMORY, MOST_MEMORY);
    let threads = available_parallelism()
        .map_or(1, usize::from)
        .min(MOST_THREADS);
    let mut ended = Compiled::start(wasm, memory, threads)?;
    if ended.needs_more() && threads > 1 {
        ended = Compiled::start(wasm, memory, 1)?;
    }
    if ended.needs_more() {
        return Err(CompilesTooLong { memory }.into());
    }
    if !ended.status.success() {
        return Err(wasmtime::Error::msg(ended.said.trim_end().to_owned()));
    }
    load_code(engine, &ended.code)
}

/// A limit ended the compiler.
#[derive(Debug)]
pub(super) struct CompilesTooLong {
    memory: u64,
}

impl fmt::Display for CompilesTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.memory >> 20;
        write!(
            f,
            "compiling it takes more than {memory} MiB of memory or {MOST_TIME} s of processor time"
        )
    }
}

impl std::error::Error for CompilesTooLong {}

/// How the compiler ended.
struct Compiled {
    status: ExitStatus,
    code: File,
    said: String,
}

impl Compiled {
    fn start(wasm: &[u8], memory: u64, threads: usize) -> wasmtime::Result<Self> {
        let mut source = File::from(memfd_create("component", MemfdFlags::CLOEXEC)?);
        source.write_all(wasm)?;
        source.rewind()?;
        let code = File::from(memfd_create("code", MemfdFlags::CLOEXEC)?);
        let ended = Command::new("/proc/self/exe")
            .args([ARGUMENT, &memory.to_string()])
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.to_string())
            .current_dir("/")
            .stdin(source)
            .stdout(code.try_clone()?)
            .stderr(Stdio::piped())
            .spawn()?
            .wait_with_output()?;
        Ok(Self {
            status: ended.status,
            code,
            said: String::from_utf8_lossy(&ended.stderr).into_owned(),
        })
    }

    /// Whether a limit ended it: without memory it aborts, or Wasmtime says that it cannot map any.
    fn needs_more(&self) -> bool {
        let no_memory = ["Cannot allocate memory", "memory allocation of"];
        self.status.signal().is_some() || no_memory.iter().any(|words| self.said.contains(words))
    }
}
