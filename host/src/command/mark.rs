//! What every command has in its environment, and all that it starts, however far that goes from its group: the
//! watchdog finds by it what a killed sidecar has left.

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::Pid;
use uuid::Uuid;

const VARIABLE: &str = "SIDECAR_WATCHED";

/// How often, and how far apart, one is looked at that is only starting.
const MOST_LOOKS: u32 = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// The value that the commands of one process have, and of no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessMark(String);

impl ProcessMark {
    /// That of this process.
    pub(super) fn own() -> &'static Self {
        static OWN: OnceLock<ProcessMark> = OnceLock::new();
        OWN.get_or_init(|| Self(Uuid::new_v4().to_string()))
    }

    /// One that another process has told.
    pub(super) fn of(told: &str) -> Self {
        Self(told.to_owned())
    }

    /// As it is told.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn set(&self, command: &mut Command) {
        command.env(VARIABLE, &self.0);
    }

    /// Whether a process has it, as far as it may be looked at.
    pub(super) fn is_on(&self, process: Pid) -> bool {
        let entry = format!("{VARIABLE}={}", self.0);
        let mut environment = of_process(process, "environ");
        for _ in 0..MOST_LOOKS {
            if !environment.is_empty() || !is_starting(process) {
                break;
            }
            std::thread::sleep(BETWEEN_LOOKS);
            environment = of_process(process, "environ");
        }
        let mut all = environment.split(|byte| *byte == 0);
        all.any(|one| one == entry.as_bytes())
    }
}

/// Whether its program has just taken the place of another one, and has neither words nor environment yet. What belongs
/// to the kernel has no program, and what has ended neither.
fn is_starting(process: Pid) -> bool {
    let program = std::fs::read_link(path_of(process, "exe"));
    program.is_ok() && of_process(process, "cmdline").is_empty()
}

fn of_process(process: Pid, file: &str) -> Vec<u8> {
    std::fs::read(path_of(process, file)).unwrap_or_default()
}

fn path_of(process: Pid, file: &str) -> String {
    format!("/proc/{}/{file}", process.as_raw_nonzero())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn it_is_on_what_a_marked_command_starts_and_on_no_other() {
        let mut command = Command::new("sh");
        command.args(["-c", "read line"]).stdin(Stdio::piped());
        ProcessMark::own().set(&mut command);
        let mut child = command.spawn().unwrap();
        let id = Pid::from_child(&child);
        assert!(ProcessMark::own().is_on(id));
        assert!(!ProcessMark::of("another").is_on(id));
        assert!(!ProcessMark::own().is_on(rustix::process::getpid()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
