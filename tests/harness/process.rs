//! Processes: those that a test starts, and those that these start in turn.

use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::Finished;

/// The variable by which everything that a sidecar started, however deep, is found again.
pub(crate) const MARK: &str = "SIDECAR_SPEC_MARK";

/// A process whose output is collected. It is killed when the test loses interest in it.
pub(crate) struct Running {
    child: Option<Child>,
    started: Instant,
    folder: Option<Rc<TempDir>>,
}

impl Running {
    /// Starts `command` without standard input.
    pub(crate) fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            child: Some(child),
            started: Instant::now(),
            folder: None,
        }
    }

    /// `folder` stays until the process has ended.
    pub(crate) fn keeping(mut self, folder: &Rc<TempDir>) -> Self {
        self.folder = Some(Rc::clone(folder));
        self
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Finished {
        let output = self
            .child
            .take()
            .expect("running")
            .wait_with_output()
            .unwrap();
        Finished::new(&output, self.started.elapsed())
    }

    /// Waits for its end, and kills it when that takes too long: then it has no exit code.
    pub(crate) fn finish_within(self, limit: Duration) -> Finished {
        let pid = self.pid();
        let (ended, watched) = std::sync::mpsc::channel();
        let watch = std::thread::spawn(move || {
            if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                send(pid, Signal::KILL);
            }
        });
        let finished = self.finish();
        drop::<Sender<()>>(ended);
        watch.join().unwrap();
        finished
    }

    /// Sends `signal` and waits for the end, which is timed from the signal on.
    pub(crate) fn end_with(mut self, signal: Signal) -> Finished {
        self.started = Instant::now();
        send(self.pid(), signal);
        self.finish()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself: then there is nothing to do.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends `signal` to the process.
pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// The processes that were started, directly or not, with `MARK=mark`; zombies are none.
/// Each with its command line, for the failure's message.
pub(crate) fn marked(mark: &str) -> Vec<(u32, String)> {
    let entry = format!("{MARK}={mark}");
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may end while it is looked at. A zombie's environment is empty.
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        if environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == entry.as_bytes())
        {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
        }
    }
    found
}

/// Peak resident memory of a live process, in bytes.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("VmHWM");
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024
}

/// How long an interrupted sidecar may take to put everything in order.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(2);
