//! The two adapters of `pariter` 0.6 that `rustic_core` 0.13 uses.
//!
//! The published ones hand each item from thread to thread, and wait for the next one by looking every 100 µs: nine
//! switches for a small file, which cost more than to compress and encrypt it. Here work that is soon done is handed over
//! in batches, who waits sleeps, and what only hands on has no thread. Results come in order, as there.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{Scope, available_parallelism};
use std::time::{Duration, Instant};
use std::vec;

use crossbeam_channel::{Receiver, Sender, bounded};

/// How long a batch is meant to take: long beside a switch of threads, short beside anything that waits.
const BATCH_TIME: Duration = Duration::from_micros(500);

/// Items of a batch at most: what they hold is in memory at once.
const LARGEST_BATCH: usize = 8;

/// Parallel adapters of every iterator.
pub trait IteratorExt: Iterator + Sized {
    /// The iterator itself: a thread that would only hand on costs more than it saves.
    #[must_use]
    fn readahead_scoped<'scope>(self, _scope: &'scope Scope<'scope, '_>) -> Self {
        self
    }

    /// Maps on as many threads as there are cores. Begins with the first item that is asked for.
    fn parallel_map_scoped<'scope, F, O>(
        self,
        scope: &'scope Scope<'scope, '_>,
        map: F,
    ) -> ParallelMap<Self, O>
    where
        F: FnMut(Self::Item) -> O + Send + Clone + 'scope,
        Self::Item: Send + 'scope,
        O: Send + 'scope,
    {
        let threads = available_parallelism().map_or(1, usize::from);
        let (work, taken) = bounded(threads + 1);
        let size = Arc::new(AtomicUsize::new(1));
        for _ in 0..threads {
            let (taken, size, map) = (taken.clone(), size.clone(), map.clone());
            scope.spawn(move || work_on(&taken, &size, map));
        }
        ParallelMap {
            items: self,
            work: Some(work),
            most: threads + 1,
            size,
            in_flight: VecDeque::new(),
            ready: Vec::new().into_iter(),
        }
    }
}

impl<I: Iterator> IteratorExt for I {}

/// Items to map, and where their results are waited for.
type Batch<I, O> = (Vec<I>, Sender<Vec<O>>);

/// An iterator whose items are mapped on several threads.
pub struct ParallelMap<I: Iterator, O> {
    items: I,
    /// None once there are no more items.
    work: Option<Sender<Batch<I::Item, O>>>,
    /// Batches in flight at most.
    most: usize,
    /// Items of the next batch.
    size: Arc<AtomicUsize>,
    in_flight: VecDeque<Receiver<Vec<O>>>,
    ready: vec::IntoIter<O>,
}

impl<I: Iterator, O> ParallelMap<I, O> {
    fn fill(&mut self) {
        while self.in_flight.len() < self.most
            && let Some(work) = &self.work
        {
            let batch: Vec<_> = self.items.by_ref().take(self.size.load(Relaxed)).collect();
            if batch.is_empty() {
                self.work = None;
                return;
            }
            let (done, results) = bounded(1);
            // Without a thread to take it, its results are found missing.
            let _ = work.send((batch, done));
            self.in_flight.push_back(results);
        }
    }
}

impl<I: Iterator, O> Iterator for ParallelMap<I, O> {
    type Item = O;

    /// Panics if a thread has.
    fn next(&mut self) -> Option<O> {
        loop {
            if let Some(result) = self.ready.next() {
                return Some(result);
            }
            self.fill();
            let results = self.in_flight.pop_front()?.recv();
            self.ready = results.expect("a thread of the map panicked").into_iter();
        }
    }
}

fn work_on<I, O>(batches: &Receiver<Batch<I, O>>, size: &AtomicUsize, mut map: impl FnMut(I) -> O) {
    for (batch, done) in batches {
        let (begun, count) = (Instant::now(), batch.len());
        let results = batch.into_iter().map(&mut map).collect();
        size.store(next_size(begun.elapsed(), count), Relaxed);
        // Who has stopped asking needs none.
        let _ = done.send(results);
    }
}

/// How many items make a batch, if the last `count` of them took that long.
fn next_size(took: Duration, count: usize) -> usize {
    let fitting = BATCH_TIME.as_nanos() * count as u128 / took.as_nanos().max(1);
    usize::try_from(fitting).map_or(LARGEST_BATCH, |fitting| fitting.clamp(1, LARGEST_BATCH))
}
