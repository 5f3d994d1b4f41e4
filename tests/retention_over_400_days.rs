//! The retention of the seed's table over 401 days, of which some fail and some have no run: what lies in
//! the store at the end.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde_json::json;

use crate::harness::{Clock, Sidecar};

const FIRST: Date = date(2023, 1, 1);
const LAST: Date = date(2024, 2, 5);

/// What becomes of a night.
#[derive(Clone, Copy, PartialEq)]
enum Night {
    Good,
    /// The dump fails; on 1 June too, so that the month's copy is of the second.
    Fails,
    /// The container was down.
    Missing,
}

impl Night {
    /// All that goes wrong is older than the daily copies that are left in the end.
    fn number(day: i32) -> Self {
        match day {
            371.. => Night::Good,
            _ if day % 17 == 15 => Night::Fails,
            _ if day % 23 == 7 => Night::Missing,
            _ => Night::Good,
        }
    }
}

fn key(tier: &str, day: Date) -> String {
    format!("{tier}/backup_{}_030000.dat", day.strftime("%Y%m%d"))
}

#[test]
fn leave_thirty_days_and_twelve_months() {
    let clock = Clock::at("2023-01-01T03:00:00Z");
    let sidecar = Sidecar::new();
    let store = sidecar.folder().join("store");
    std::fs::create_dir(&store).unwrap();
    let sidecar = clock.rules(
        sidecar
            .command("cat tonight")
            .capture()
            .set(
                "stores",
                json!([{"name": "local", "type": "fs", "path": store}]),
            )
            .set(
                "retention",
                json!({"daily": {"days": 30}, "monthly": {"days": 365}}),
            ),
    );
    let tonight = sidecar.workdir().join("tonight");
    let mut good: Vec<Date> = Vec::new();
    for (number, day) in (0..).zip(FIRST.series(1.day()).take_while(|day| *day <= LAST)) {
        clock.set(&format!("{day}T03:00:00Z"));
        match Night::number(number) {
            Night::Missing => {}
            Night::Fails => {
                sidecar.backup().exits(1);
            }
            Night::Good => {
                std::fs::write(&tonight, day.to_string()).unwrap();
                sidecar.backup().succeeds();
                std::fs::remove_file(&tonight).unwrap();
                good.push(day);
            }
        }
        // Whatever happened tonight, the last good backup is there, and it is the right one.
        let newest = *good.last().unwrap();
        let stored = std::fs::read_to_string(store.join(key("daily", newest))).unwrap();
        assert_eq!(stored, newest.to_string(), "after {day}");
    }

    let daily = good.iter().filter(|day| **day > LAST - 30.days());
    let month = |day: &Date| (day.year(), day.month());
    let monthly = good
        .iter()
        .enumerate()
        .filter(|(at, day)| *at == 0 || month(&good[at - 1]) != month(day))
        .map(|(_, day)| day)
        .filter(|day| **day > LAST - 365.days());
    let daily: BTreeSet<String> = daily.map(|day| key("daily", *day)).collect();
    let monthly: BTreeSet<String> = monthly.map(|day| key("monthly", *day)).collect();
    assert_eq!((daily.len(), monthly.len()), (30, 12));
    assert!(monthly.contains(&key("monthly", date(2023, 6, 2))));

    let mut left = BTreeSet::new();
    for tier in ["daily", "monthly"] {
        for entry in std::fs::read_dir(store.join(tier)).unwrap() {
            left.insert(format!(
                "{tier}/{}",
                entry.unwrap().file_name().to_str().unwrap()
            ));
        }
    }
    let artifacts = daily.union(&monthly);
    let expected: BTreeSet<String> = artifacts
        .flat_map(|key| [key.clone(), format!("{key}.manifest.json")])
        .collect();
    assert_eq!(left, expected);
}
