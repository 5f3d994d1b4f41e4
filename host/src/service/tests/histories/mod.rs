//! Random histories of one sidecar or of two: clocks that are set by minutes or decades, stores whose own
//! clock is wrong, runs that fail or are killed, backups that turn out damaged, deletions and copies that
//! fail, restarts, lost disks. The two are replicas, or two owners with a prefix each, or in one by mistake.
//! Retention, clocks, schedule, leases and owners are the real ones; only the world is made up.
//!
//! `SIDECAR_HISTORIES=10000 cargo nextest run --lib -E 'test(histories)'` is the long form.
#![allow(clippy::unwrap_used, reason = "tests")]

mod run;
mod sidecar;
mod simulation;
mod store;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

use simulation::{Simulation, timetables};
use world::{SimulatedWorld, worlds};

fn pass(world: &SimulatedWorld, careful: bool) -> Result<(), TestCaseError> {
    Simulation::new(world, &timetables(world), careful).passes()
}

fn cases() -> u32 {
    let cases = std::env::var("SIDECAR_HISTORIES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn no_history_deletes_a_good_backup_early_or_stops_a_schedule(world in worlds()) {
        pass(&world, true)?;
    }
}

#[test]
fn these_histories_find_it_where_the_clock_alone_decides() {
    let mut runner = TestRunner::deterministic();
    let found = runner.run(&worlds(), |world| pass(&world, false));
    assert!(matches!(found, Err(TestError::Fail(..))), "{found:?}");
}
