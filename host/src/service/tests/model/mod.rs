//! Three sidecars in one store: two make a backup, one prunes. Each request that one of them sends may be the
//! last one before it is paused or killed; it may be refused, or its answer may be lost. All schedules with so
//! many interruptions are tried, one after the other, and states that were reached before are left out.
//!
//! Leases, commits, the catalogue, the retention and the prune are the real ones, and so is the order in which
//! they are called; only what keeps the objects is made up, and lets a request happen when the search says so.
//!
//! `SIDECAR_INTERRUPTIONS=3 cargo nextest run --lib -E 'test(model)'` is the long form.
#![allow(clippy::unwrap_used, reason = "tests")]

mod execution;
mod promises;
mod schedule;
mod search;
mod sidecar;

use search::Search;
use sidecar::ModelWorld;

/// Seconds of a year and a bit.
const A_YEAR_AHEAD: i64 = 400 * 86_400;

fn interruptions() -> usize {
    let given = std::env::var("SIDECAR_INTERRUPTIONS").ok();
    given.map_or(1, |given| given.parse().unwrap())
}

fn holds(world: &ModelWorld) {
    let mut search = Search::new(world);
    let found = search.try_all(interruptions());
    println!("{}", search.counts());
    found.unwrap_or_else(|violation| panic!("{violation}"));
    assert!(search.reaches_enough(), "{}", search.counts());
}

#[test]
fn no_schedule_of_three_sidecars_loses_a_good_backup_or_lists_half_of_one() {
    holds(&ModelWorld::default());
}

#[test]
fn nor_does_one_where_the_clock_of_the_second_is_a_year_ahead() {
    holds(&ModelWorld {
        clocks_ahead: [0, A_YEAR_AHEAD, 0],
        ..ModelWorld::default()
    });
}

/// What it would not find, it could not exclude.
#[test]
fn a_store_that_ignores_conditions_is_found_to_lose_backups() {
    let world = ModelWorld {
        ignores_conditions: true,
        ..ModelWorld::default()
    };
    let found = Search::new(&world).try_all(1);
    assert!(found.is_err(), "no schedule shows it");
}
