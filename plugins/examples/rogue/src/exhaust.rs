//! Attempts to exhaust a resource: memory, time, handles.

use std::fs::File;
use std::hint::black_box;
use std::time::Duration;

use sidecar_sdk::{Artifact, Result, files, temp_dump};

/// Uses what it allocates, so that no optimisation removes it.
pub(crate) fn memory() -> Result<()> {
    let mut allocated = Vec::new();
    loop {
        allocated.push(black_box(vec![1u8; 16 << 20]));
    }
}

pub(crate) fn stack(artifact: &mut Artifact) -> Result<()> {
    #[allow(unconditional_recursion, reason = "it must exhaust the stack")]
    fn deeper(depth: u64) -> u64 {
        black_box(depth) + black_box(deeper(black_box(depth + 1)))
    }
    artifact.append(&deeper(0).to_le_bytes())
}

pub(crate) fn handles(path: &str) -> Result<()> {
    let mut open_files = Vec::new();
    loop {
        open_files.push(files::open(path.as_bytes(), false)?);
    }
}

pub(crate) fn time() -> Result<()> {
    let mut count = 0u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

pub(crate) fn sleep() -> Result<()> {
    loop {
        std::thread::sleep(Duration::from_secs(1_000_000));
    }
}

pub(crate) fn zeros(path: &str, artifact: &mut Artifact) -> Result<()> {
    let file = files::open(path.as_bytes(), false)?;
    artifact.append_file(&file, u64::MAX).map(drop)
}

pub(crate) fn temp_dump(artifact: &mut Artifact) -> Result<()> {
    temp_dump::prepare()?;
    let path = std::env::var("SIDE_CAR_TEMP_DUMP").unwrap_or_default();
    File::create(path)?.set_len(4 << 40)?;
    artifact.append_temp_dump().map(drop)
}
