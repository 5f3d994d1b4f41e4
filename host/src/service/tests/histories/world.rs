//! What may happen to sidecars and their stores.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::config::{Policy, RetentionRule, Tier};

const DAY: i64 = 24;
/// What may become of the clock of a machine or of a store, in hours; the rest is minutes.
const DECADES: i64 = 70 * 365 * DAY;

/// Who is there, and where each puts its backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// One sidecar.
    Single,
    /// Two replicas of one owner, which share the store and the schedule.
    Replicas,
    /// Two owners with a prefix each.
    Apart,
    /// Two owners by mistake in one prefix; their files bear one name, or two.
    Together { alike: bool },
}

/// Something that happens to a sidecar, or to its store.
#[derive(Debug, Clone)]
pub(super) enum HistoryEvent {
    /// The machine's clock is set by so many seconds.
    Set(i64),
    /// The machine's clock is set right.
    SetRight,
    /// The store's clock is set by so many seconds.
    SetStore(i64),
    /// The process is away for so many hours.
    Restart(u32),
    /// So is the process, and it has lost its disk.
    LoseDisk(u32),
    /// The store makes no copies for so many hours.
    RefuseCopies(u32),
    /// One of the backups there turns out to be damaged.
    Rot(prop::sample::Index),
}

impl HistoryEvent {
    fn sets_a_clock(&self) -> bool {
        matches!(self, Self::Set(_) | Self::SetStore(_))
    }
}

/// What becomes of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SimulatedRun {
    Good,
    Damaged,
    Nothing,
    /// The process is killed in the middle of it, and is back in the next hour.
    Killed,
}

#[derive(Debug, Clone)]
pub(super) struct SimulatedWorld {
    pub(super) days: u32,
    pub(super) company: Company,
    /// Of the first owner and of the second one.
    pub(super) zones: [&'static str; 2],
    pub(super) policies: [Policy; 2],
    pub(super) has_own_clock: bool,
    /// No clock is ever set.
    pub(super) has_right_clocks: bool,
    /// Each after so many hours, to one of the two.
    pub(super) events: Vec<(u32, usize, HistoryEvent)>,
    /// With which of eight deletions in a row fail.
    pub(super) runs: Vec<(SimulatedRun, u8)>,
}

impl SimulatedWorld {
    /// How many sidecars there are.
    pub(super) fn sidecars(&self) -> usize {
        match self.company {
            Company::Single => 1,
            _ => 2,
        }
    }

    /// Whose replica a sidecar is.
    pub(super) fn owner(&self, sidecar: usize) -> usize {
        match self.company {
            Company::Single | Company::Replicas => 0,
            Company::Apart | Company::Together { .. } => sidecar,
        }
    }

    /// Which store it writes to.
    pub(super) fn store(&self, sidecar: usize) -> usize {
        match self.company {
            Company::Apart => sidecar,
            _ => 0,
        }
    }
}

pub(super) fn worlds() -> impl Strategy<Value = SimulatedWorld> {
    let seconds = prop_oneof![
        (-3000i64..3000),
        (-100i64..100).prop_map(|hours| hours * 3600),
        (-60 * DAY..60 * DAY).prop_map(|hours| hours * 3600),
        (-DECADES..DECADES).prop_map(|hours| hours * 3600),
    ];
    let event = prop_oneof![
        6 => seconds.clone().prop_map(HistoryEvent::Set),
        6 => Just(HistoryEvent::SetRight),
        2 => seconds.prop_map(HistoryEvent::SetStore),
        4 => (0u32..20 * 24).prop_map(HistoryEvent::Restart),
        1 => (0u32..72).prop_map(HistoryEvent::LoseDisk),
        2 => (1u32..40 * 24).prop_map(HistoryEvent::RefuseCopies),
        2 => any::<prop::sample::Index>().prop_map(HistoryEvent::Rot),
    ];
    let made = prop_oneof![
        33 => Just(SimulatedRun::Good),
        4 => Just(SimulatedRun::Damaged),
        2 => Just(SimulatedRun::Nothing),
        1 => Just(SimulatedRun::Killed),
    ];
    let failing = prop_oneof![8 => Just(0u8), 1 => Just(0xff), 1 => any::<u8>()];
    let zone = || {
        select(vec![
            "UTC",
            "Europe/Madrid",
            "America/New_York",
            "Australia/Lord_Howe",
        ])
    };
    let company = select(vec![
        Company::Single,
        Company::Replicas,
        Company::Replicas,
        Company::Apart,
        Company::Together { alike: true },
        Company::Together { alike: false },
    ]);
    (
        (
            20u32..80,
            company,
            [zone(), zone()],
            any::<bool>(),
            prop::bool::weighted(0.3),
        ),
        [policies(), policies()],
        vec((1u32..200, 0usize..2, event), 0..18),
        vec((made, failing), 1..40),
    )
        .prop_map(|(place, policies, events, runs)| {
            let (days, company, zones, has_own_clock, has_right_clocks) = place;
            let mut events = events;
            events.retain(|(_, _, event)| !has_right_clocks || !event.sets_a_clock());
            SimulatedWorld {
                days,
                company,
                zones,
                policies,
                has_own_clock,
                has_right_clocks,
                events,
                runs,
            }
        })
}

fn policies() -> impl Strategy<Value = Policy> {
    let daily = select(vec![
        RetentionRule::days(3),
        RetentionRule::days(7),
        RetentionRule::days(30),
    ]);
    let monthly = prop::option::of(select(vec![
        RetentionRule::days(90),
        RetentionRule::days(365),
    ]));
    (daily, monthly).prop_map(|(daily, monthly)| {
        let monthly = monthly.map(|rule| (Tier::Monthly, rule));
        [(Tier::Daily, daily)].into_iter().chain(monthly).collect()
    })
}
