//! What a module lays where its commands find it, and the commands.

use std::fs;
use std::io::Write as _;

use sidecar_sdk::target::{self, Node};
use sidecar_sdk::{Artifact, Command, Result, temp_dump};

use crate::config::Config;

/// The most that a command prints here.
const OUTPUT: u32 = 64 << 10;

/// Runs the commands. The artifact is what each has printed, below its number.
pub(crate) fn run(config: &Config, artifact: &mut Artifact) -> Result<()> {
    lay(config)?;
    temp_dump::prepare()?;
    for (number, line) in config.commands.iter().enumerate() {
        let printed = Command::new(line).capture(OUTPUT)?.stdout;
        writeln!(artifact, "#{number}")?;
        artifact.append(&printed)?;
    }
    Ok(())
}

/// The same in a restore, which has no artifact and makes a directory.
pub(crate) fn restore(config: &Config) -> Result<()> {
    target::make_directory(&Node {
        name: b"made".to_vec(),
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime_seconds: 0,
        mtime_nanoseconds: 0,
    })?;
    for line in &config.commands {
        Command::new(line).run()?;
    }
    Ok(())
}

fn lay(config: &Config) -> Result<()> {
    let workdir = std::env::var("SIDE_CAR_WORKDIR").unwrap_or_default();
    for (name, text) in &config.lay {
        let path = format!("{workdir}/{name}");
        if let Some((folder, _)) = path.rsplit_once('/') {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    for (name, target) in &config.links {
        #[allow(deprecated, reason = "the only stable function for WASI")]
        fs::soft_link(target, format!("{workdir}/{name}"))?;
    }
    Ok(())
}
