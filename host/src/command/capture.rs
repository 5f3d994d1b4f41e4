//! A small stdout, held in memory.

use super::stdio::Sink;
use crate::error::{Error, Result};

/// A sink that collects everything.
#[derive(Debug)]
pub struct Capture {
    bytes: Vec<u8>,
    most: usize,
}

impl Capture {
    /// More than `most` bytes are the failure "output-too-large".
    pub fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
        }
    }

    /// What the command wrote.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn too_large(&self) -> Error {
        let most = self.most;
        Error::run(
            "output-too-large",
            format!("a command wrote more than the {most} bytes that were to be captured"),
        )
    }
}

impl Sink for Capture {
    fn room(&mut self) -> Result<&mut Vec<u8>> {
        if self.bytes.len() > self.most {
            return Err(self.too_large());
        }
        self.bytes.reserve(16 << 10);
        Ok(&mut self.bytes)
    }

    fn flush(&mut self) -> Result<()> {
        if self.bytes.len() > self.most {
            Err(self.too_large())
        } else {
            Ok(())
        }
    }
}
