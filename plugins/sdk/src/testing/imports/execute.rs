//! What the mock host runs: lines and programs, by the text that plans have for them.

use crate::testing::mock_host::with;
use crate::types::{Captured, Failure, Finished, Result};

/// Runs what was registered under `text`, if the plan has it.
pub(super) fn execute(text: &str, env: &[(String, String)], accept: &[i32]) -> Result<Captured> {
    with(|host| {
        let registered = check_grants(&host.plan.commands, &host.plan.env, text, env);
        let registered = registered.and_then(|()| {
            let missing = || {
                let message = format!("the test knows no command {text}");
                Failure::new("command-not-found", message)
            };
            host.commands.get(text).cloned().ok_or_else(missing)
        });
        let (exit_code, stdout) = host.record(registered)?;
        host.ran.push(text.to_owned());
        if exit_code != 0 && !accept.contains(&exit_code) {
            let message = format!("{text} ended with exit code {exit_code}");
            return host.record(Err(Failure::new("command-failed", message)));
        }
        let finished = Finished {
            exit_code,
            stdout_bytes: stdout.len() as u64,
            stderr_tail: String::new(),
        };
        Ok(Captured { finished, stdout })
    })
}

/// What it printed is the artifact's.
pub(super) fn into_artifact(captured: Captured) -> Result<Finished> {
    with(|host| host.artifact.extend_from_slice(&captured.stdout));
    Ok(captured.finished)
}

/// What it printed, unless that is too much.
pub(super) fn capture(captured: Captured, text: &str, max_bytes: u32) -> Result<Captured> {
    if captured.stdout.len() <= max_bytes as usize {
        return Ok(captured);
    }
    let message = format!("{text} printed more than {max_bytes} bytes");
    with(|host| host.record(Err(Failure::new("output-too-large", message))))
}

fn check_grants(
    commands: &[String],
    allowed: &[String],
    text: &str,
    env: &[(String, String)],
) -> Result<()> {
    let variable = env.iter().find(|(name, _)| !allowed.contains(name));
    match variable {
        _ if !commands.iter().any(|planned| planned == text) => Err(Failure::new(
            "not-granted",
            format!("the command is not in the plan: {text}"),
        )),
        Some((name, _)) => Err(Failure::new(
            "not-granted",
            format!("the environment variable {name} is not in the plan"),
        )),
        None => Ok(()),
    }
}
