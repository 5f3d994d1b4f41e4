//! What the first process of a container does for others: what has lost its parent becomes its child, and stays in
//! the list of processes until it is asked how it ended.

use rustix::process::{Pid, WaitOptions, getpid, waitpid};

use super::processes::{self, Process};
use super::watchdog;

/// Children that have ended and that nothing has asked how.
#[derive(Debug)]
pub struct LostProcesses {
    /// At the last look.
    ended: Vec<Process>,
}

impl LostProcesses {
    /// None if this is not the first process: then another one does it.
    pub fn of_first_process() -> Option<Self> {
        let is_first = getpid() == Pid::INIT;
        is_first.then_some(Self { ended: Vec::new() })
    }

    /// Collects what had ended at the last look already: what this process has started itself is asked at once,
    /// by what started it.
    pub fn collect(&mut self) {
        let (leaders, watchdog) = watchdog::known();
        let children = processes::children().unwrap_or_default().into_iter();
        let lost = children.filter(|child| !leaders.contains(child) && Some(*child) != watchdog);
        let now: Vec<Process> = lost
            .filter_map(Process::read)
            .filter(|process| process.ended)
            .collect();
        for process in now.iter().filter(|process| self.ended.contains(process)) {
            let _ = waitpid(Some(process.id), WaitOptions::NOHANG);
        }
        self.ended = now;
    }
}
