//! A control group with less memory than the machine has, as a container is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::within;

/// A control group; it goes away with its last process.
pub(crate) struct ControlGroup(PathBuf);

impl ControlGroup {
    /// A group with that much memory, or why there is none here.
    pub(crate) fn with_memory(bytes: u64) -> Result<Self, String> {
        let name = format!("sidecar-spec-{}", std::process::id());
        let mounted = Path::new("/sys/fs/cgroup");
        let (group, limit) = match mounted.join("memory").is_dir() {
            true => (mounted.join("memory").join(name), "memory.limit_in_bytes"),
            false => (mounted.join(name), "memory.max"),
        };
        let made = fs::create_dir(&group).and_then(|()| {
            fs::write(group.join(limit), bytes.to_string()).inspect_err(|_| {
                let _ = fs::remove_dir(&group);
            })
        });
        match made {
            Ok(()) => Ok(Self(group)),
            Err(error) => Err(format!("no control group can be made here: {error}")),
        }
    }

    /// The same command, in the group.
    pub(crate) fn command(&self, command: Command) -> Command {
        let processes = self.0.join("cgroup.procs");
        let enter = format!("echo $$ > {} && exec \"$@\"", processes.display());
        started_by(&["sh", "-c", &enter, "sh"], command)
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        within(Duration::from_secs(5), "the group has no process", || {
            fs::remove_dir(&self.0).ok()
        });
    }
}

/// The same command with the same surroundings, as the arguments of another one.
pub(crate) fn started_by(starter: &[&str], command: Command) -> Command {
    let mut started = Command::new(starter[0]);
    started.args(&starter[1..]);
    started.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        started.current_dir(folder);
    }
    // The surroundings of a sidecar are set from nothing.
    started.env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            started.env(name, value);
        }
    }
    started
}
