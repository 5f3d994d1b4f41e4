//! A module's stdout and stderr: log lines, and the last words of one that traps.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Lines kept for an error.
const KEPT: usize = 10;
/// A longer line is cut into several.
const LONGEST: usize = 8 * 1024;

/// Where the module's words go; clones write to the same place.
#[derive(Clone)]
pub(super) struct Words(Arc<Mutex<Lines>>);

struct Lines {
    module: String,
    unfinished: Vec<u8>,
    last: VecDeque<String>,
}

impl Words {
    pub(super) fn new(module: &str) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            module: module.to_owned(),
            unfinished: Vec::new(),
            last: VecDeque::new(),
        })))
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
            if byte == b'\n' || lines.unfinished.len() == LONGEST {
                lines.end_line();
            }
            if byte != b'\n' {
                lines.unfinished.push(byte);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn end_line(&mut self) {
        if self.unfinished.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.unfinished).into_owned();
        self.unfinished.clear();
        tracing::info!(module = self.module, "{line}");
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

impl IsTerminal for Words {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Words {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Words {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.add(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Words {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Words {
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
