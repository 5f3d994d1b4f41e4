//! The run: `pre`, the main commands, the artifact, `post`.

use sidecar_sdk::{Artifact, Command, Failure, Result, log, temp_dump};

use crate::config::Config;

/// The variable that tells `post` how the run went: "succeeded" or "failed".
pub(crate) const OUTCOME: &str = "SIDE_CAR_OUTCOME";

/// Makes the backup. Once `pre` has begun, `post` always runs.
pub fn backup(config: &Config, capture_by_default: bool, artifact: &mut Artifact) -> Result<()> {
    let capture = config.capture_stdout.unwrap_or(capture_by_default);
    if !capture {
        temp_dump::prepare()?;
    }
    with_hooks(config, || run_main(config, capture, artifact))
}

/// Runs `pre`, then `dump`; once `pre` has begun, `post` always runs.
pub fn with_hooks(config: &Config, dump: impl FnOnce() -> Result<()>) -> Result<()> {
    let dumped = config
        .pre
        .as_slice()
        .iter()
        .try_for_each(|line| command(config, line).run().map(drop))
        .and_then(|()| dump());
    let cleaned_up = run_post(config, dumped.is_ok());
    match (dumped, cleaned_up) {
        (Err(failure), Err(another)) => {
            log::error(&format!("post failed too: {}", another.message));
            Err(failure)
        }
        (dumped, cleaned_up) => dumped.and(cleaned_up),
    }
}

fn run_main(config: &Config, capture: bool, artifact: &mut Artifact) -> Result<()> {
    for line in config.main() {
        let command = command(config, line);
        if capture {
            artifact.append_stdout(&command)?
        } else {
            command.run()?
        };
    }
    if !capture {
        artifact.append_temp_dump()?;
    }
    Ok(())
}

/// Runs every line of `post`, also after one of them failed: each may have something to undo.
fn run_post(config: &Config, succeeded: bool) -> Result<()> {
    let outcome = if succeeded { "succeeded" } else { "failed" };
    let mut first: Option<Failure> = None;
    for line in config.post.as_slice() {
        if let Err(failure) = command(config, line).env(OUTCOME, outcome).run() {
            first.get_or_insert(failure);
        }
    }
    first.map_or(Ok(()), Err)
}

/// A command in the environment and the directory that the configuration gives it.
pub fn command(config: &Config, line: &str) -> Command {
    let mut command = Command::new(line);
    command.env = config
        .env
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    command.workdir = workdir(config);
    command
}

/// `workdir` as an absolute path; a relative one is below the run's own.
pub(crate) fn workdir(config: &Config) -> Option<String> {
    let workdir = config.workdir.as_deref()?;
    if workdir.starts_with('/') {
        return Some(workdir.to_owned());
    }
    let base = std::env::var("SIDE_CAR_WORKDIR").unwrap_or_default();
    Some(format!("{base}/{workdir}"))
}
