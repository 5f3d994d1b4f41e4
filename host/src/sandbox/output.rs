//! What a module logs: its own lines, and those of its stdout and stderr, the last of which explain a trap.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::command::LogBudget;
use crate::display;
use crate::run_log;

/// Lines kept for an error.
const LAST_LINES: usize = 10;
/// A longer line is cut into several.
const LONGEST_LINE: usize = 8 * 1024;

/// Where the module's output goes; clones write to the same place.
#[derive(Clone)]
pub(super) struct ModuleOutput(Arc<Mutex<OutputLines>>);

struct OutputLines {
    module: String,
    unfinished: Vec<u8>,
    last: VecDeque<String>,
    budget: LogBudget,
}

impl ModuleOutput {
    pub(super) fn new(module: &str) -> Self {
        Self(Arc::new(Mutex::new(OutputLines {
            module: module.to_owned(),
            unfinished: Vec::new(),
            last: VecDeque::new(),
            budget: LogBudget::default(),
        })))
    }

    /// A line of a level: "error", "warn", "debug", "trace"; any other is "info".
    pub(super) fn log(&self, level: &str, message: &str) {
        self.lock().log(level, message);
    }

    /// The last lines, an unfinished one included.
    pub(super) fn last(&self) -> String {
        let mut lines = self.lock();
        lines.end_line();
        Vec::from(lines.last.clone()).join("\n")
    }

    fn add(&self, bytes: &[u8]) {
        let mut lines = self.lock();
        for &byte in bytes {
            if byte == b'\n' || lines.unfinished.len() == LONGEST_LINE {
                lines.end_line();
            }
            if byte != b'\n' {
                lines.unfinished.push(byte);
            }
        }
    }

    fn lock(&self) -> parking_lot::MutexGuard<'_, OutputLines> {
        self.0.lock()
    }
}

impl OutputLines {
    fn log(&mut self, level: &str, message: &str) {
        let message = display::message(message);
        if !self.budget.admits(message.len()) {
            return;
        }
        let module = &self.module;
        match level {
            "error" => tracing::error!(module, "{message}"),
            "warn" => tracing::warn!(module, "{message}"),
            "debug" => tracing::debug!(module, "{message}"),
            "trace" => tracing::trace!(module, "{message}"),
            _ => tracing::info!(module, "{message}"),
        }
        match level {
            "error" | "warn" => run_log::add(level, &message),
            "debug" | "trace" => {}
            _ => run_log::add("info", &message),
        }
    }

    fn end_line(&mut self) {
        if self.unfinished.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.unfinished).into_owned();
        self.unfinished.clear();
        self.log("info", &line);
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

impl IsTerminal for ModuleOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for ModuleOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for ModuleOutput {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.add(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_LINE)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for ModuleOutput {
    async fn ready(&mut self) {}
}

impl AsyncWrite for ModuleOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.add(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
