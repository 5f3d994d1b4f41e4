//! Servers that a test needs, each awaited by the line with which it says that it is ready.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::process::Signal;

use super::Finished;
use super::process::send;

/// How long a server may take until it is ready.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A server in the foreground whose log is read. It is killed with its owner.
pub(crate) struct Daemon {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Daemon {
    /// Starts `command`.
    pub(crate) fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (send, lines) = mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let send = send.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                    // The test may be over; the pipe is drained all the same.
                    let _ = send.send(String::from_utf8_lossy(&line).into_owned());
                }
            });
        }
        Self {
            child,
            lines,
            log: Vec::new(),
        }
    }

    /// Waits for a line in which `find` finds something. Panics with the whole log when the
    /// process ends before, or takes too long.
    pub(crate) fn await_line<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> T {
        self.next_line(find)
            .unwrap_or_else(|| panic!("never ready:\n{}", self.log.join("\n")))
    }

    /// The same; none when the process ends before.
    pub(crate) fn next_line<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        while let Ok(line) = self.lines.recv_timeout(START_LIMIT) {
            let found = find(&line);
            self.log.push(line);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// kill -9. It is gone when this returns.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has said so far.
    pub(crate) fn log(&mut self) -> String {
        self.log.extend(self.lines.try_iter());
        self.log.join("\n")
    }

    /// Sends `signal` and waits for the end; both streams are in `stderr`.
    pub(crate) fn end_with(&mut self, signal: Signal) -> Finished {
        let start = std::time::Instant::now();
        send(self.pid(), signal);
        let status = self.child.wait().unwrap();
        let took = start.elapsed();
        // Every writer of the pipes is gone, or they would not end.
        while let Ok(line) = self.lines.recv_timeout(START_LIMIT) {
            self.log.push(line);
        }
        Finished {
            code: status.code(),
            stdout: String::new(),
            stderr: self.log.join("\n"),
            took,
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
