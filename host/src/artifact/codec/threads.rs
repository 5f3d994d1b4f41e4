//! Threads that take jobs, each with a workbench of its own.
//!
//! The caller keeps the [`PendingResult`] results in the order it needs them, and as few as it has memory
//! for: order and bounds are the caller's, so the pool needs neither.

use parking_lot::Mutex;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, JoinHandle};

type CompressionJob<C> = Box<dyn FnOnce(&mut C) + Send>;

/// As many threads as the process may use cores. Dropping the pool leaves the jobs that have
/// not begun and waits for the others.
pub(super) struct CompressionPool<C> {
    jobs: Option<Sender<CompressionJob<C>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// How many threads to use for work that keeps a core busy.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

impl<C: 'static> CompressionPool<C> {
    /// Starts the threads; `workbench` makes what each of them works with.
    /// A thread's name (at most 15 bytes) is what the system's tools show.
    pub(super) fn new(
        name: &str,
        workbench: impl Fn() -> C + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<CompressionJob<C>>();
        let queue = Arc::new(Mutex::new(queue));
        let workbench = Arc::new(workbench);
        let mut pool = Self {
            jobs: Some(jobs),
            stop: Arc::default(),
            threads: Vec::new(),
        };
        for _ in 0..cores() {
            let (queue, workbench, stop) = (queue.clone(), workbench.clone(), pool.stop.clone());
            let work = move || {
                let mut workbench = workbench();
                while let Some(job) = next(&queue).filter(|_| !stop.load(Ordering::Relaxed)) {
                    job(&mut workbench);
                }
            };
            pool.threads
                .push(thread::Builder::new().name(name.to_owned()).spawn(work)?);
        }
        Ok(pool)
    }

    /// Queues a job; what it returns can be waited for.
    pub(super) fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut C) -> R + Send + 'static,
    ) -> PendingResult<R> {
        let (done, result) = mpsc::sync_channel(1);
        let job = move |workbench: &mut C| send_result(&done, job(workbench));
        if let Some(jobs) = &self.jobs {
            // Without a thread left to take it, the job is dropped, and waiting for it says so.
            let _ = jobs.send(Box::new(job));
        }
        PendingResult(result)
    }
}

impl<C> CompressionPool<C> {
    /// How many jobs keep every thread busy while the oldest result is taken away.
    pub(super) fn depth(&self) -> usize {
        self.threads.len() + 2
    }
}

impl<C> Drop for CompressionPool<C> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // If it panicked, waiting for its job says so.
            let _ = thread.join();
        }
    }
}

fn next<C>(queue: &Mutex<Receiver<CompressionJob<C>>>) -> Option<CompressionJob<C>> {
    queue.lock().recv().ok()
}

fn send_result<R>(done: &SyncSender<R>, result: R) {
    // The caller may have given it up.
    let _ = done.send(result);
}

/// A result that a thread of the pool owes.
pub(super) struct PendingResult<R>(Receiver<R>);

impl<R> PendingResult<R> {
    /// Waits for it. An error means that its thread is gone.
    pub(super) fn wait(self) -> io::Result<R> {
        self.0.recv().map_err(|_| lost())
    }

    /// The result if it is there already.
    pub(super) fn ready(&self) -> Option<io::Result<R>> {
        match self.0.try_recv() {
            Ok(result) => Some(Ok(result)),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => Some(Err(lost())),
        }
    }
}

fn lost() -> io::Error {
    io::Error::other("a compression thread stopped unexpectedly")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn dropping_it_ends_its_threads() {
        let alive = Arc::new(());
        let bench = alive.clone();
        let pool = CompressionPool::new("test", move || bench.clone()).unwrap();
        pool.run(|_| ()).wait().unwrap();
        assert!(Arc::strong_count(&alive) > 1);
        drop(pool);
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    #[test]
    fn a_job_that_panics_is_an_error_for_its_caller() {
        let pool = CompressionPool::new("test", || ()).unwrap();
        let job = pool.run(|()| -> () { panic!("as the test wants it") });
        assert!(job.wait().is_err());
    }
}
