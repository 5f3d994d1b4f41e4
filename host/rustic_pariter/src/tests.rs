use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use super::{IteratorExt as _, LARGEST_BATCH, next_size};

#[test]
fn results_come_in_order_however_long_each_takes() {
    let waits = |item: u64| thread::sleep(Duration::from_micros(item * 7919 % 300));
    let mapped: Vec<u64> = thread::scope(|scope| {
        let items = (0..2_000).readahead_scoped(scope);
        let mapped = items.parallel_map_scoped(scope, |item| {
            waits(item);
            item * 2
        });
        mapped.collect()
    });
    assert_eq!(mapped, (0..2_000).map(|item| item * 2).collect::<Vec<_>>());
}

#[test]
fn of_nothing_comes_nothing() {
    let none = thread::scope(|scope| {
        let items = std::iter::empty::<u8>();
        items.parallel_map_scoped(scope, |item| item).next()
    });
    assert_eq!(none, None);
}

#[test]
fn no_more_is_taken_than_fits_in_flight() {
    let taken = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let items = (0..10_000).inspect(|_| {
            taken.fetch_add(1, SeqCst);
        });
        let mut mapped = items.parallel_map_scoped(scope, |item: u32| item);
        for asked in 1..=1_000 {
            mapped.next();
            let most = asked + LARGEST_BATCH * (cores + 2);
            assert!(taken.load(SeqCst) <= most, "{asked} asked for");
        }
    });
}

#[test]
fn who_stops_asking_ends_it() {
    let first = thread::scope(|scope| {
        let mut mapped = (1..).parallel_map_scoped(scope, |item: u64| item);
        mapped.next()
    });
    assert_eq!(first, Some(1));
}

#[test]
fn a_panic_of_a_thread_is_one_of_who_asks() {
    let asked = catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            let mapped = (0..100).parallel_map_scoped(scope, |item: u32| {
                assert_ne!(item, 50);
                item
            });
            mapped.count()
        })
    }));
    assert!(asked.is_err());
}

#[test]
fn what_is_soon_done_goes_in_batches_and_what_takes_long_alone() {
    assert_eq!(next_size(Duration::from_micros(20), 1), LARGEST_BATCH);
    assert_eq!(next_size(Duration::from_micros(800), 8), 5);
    assert_eq!(next_size(Duration::from_millis(3), 1), 1);
    assert_eq!(next_size(Duration::from_millis(24), 8), 1);
    assert_eq!(next_size(Duration::ZERO, 1), LARGEST_BATCH);
}
