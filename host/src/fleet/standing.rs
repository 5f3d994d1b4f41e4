//! How a sidecar stands, as far as a fleet knows, and who needs a person. Pure.

use jiff::Timestamp;
use serde::Serialize;

use super::doubt::doubt;
use crate::service::{MemberState, RunFailure, SidecarStatus};

/// How a fleet stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FleetStatus {
    /// RFC 3339, UTC.
    pub as_of: Timestamp,
    /// How many sidecars need a person.
    pub need_you: usize,
    /// In the order of the configuration.
    pub sidecars: Vec<SidecarStanding>,
}

/// How a sidecar stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SidecarStanding {
    /// In the configuration of the fleet.
    pub name: String,
    /// Where a browser finds its own page.
    pub page: String,
    /// The worst of what it says of itself and its strategies; `unknown` as long as it does not answer, and at best
    /// `unknown` if what it answers is in `doubt`.
    pub state: MemberState,
    /// Whether it needs a person.
    pub needs_you: bool,
    /// Its strategies of which a backup was never brought back for a trial.
    pub never_drilled: Vec<String>,
    /// When it last said how it stands. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Why it did not when it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
    /// Why what it said cannot be taken as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<RunFailure>,
    /// What it said at `answered_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SidecarStatus>,
}

impl FleetStatus {
    pub(super) fn new(as_of: Timestamp, sidecars: Vec<SidecarStanding>) -> Self {
        Self {
            as_of,
            need_you: sidecars.iter().filter(|one| one.needs_you).count(),
            sidecars,
        }
    }
}

impl SidecarStanding {
    /// From what it answered last, and why it has not since.
    pub(super) fn new(
        name: String,
        page: String,
        answer: Option<(Timestamp, SidecarStatus)>,
        error: Option<RunFailure>,
    ) -> Self {
        let doubt = answer.as_ref().and_then(|(at, status)| doubt(status, *at));
        let (answered_at, status) = answer.unzip();
        let state = match (&error, &status) {
            (None, Some(status)) => worst(status, doubt.is_some()),
            _ => MemberState::Unknown,
        };
        let never_drilled = status.as_ref().map(never_drilled).unwrap_or_default();
        let is_well = matches!(state, MemberState::Fresh | MemberState::Never);
        let standing = Self {
            name,
            page,
            state,
            needs_you: !is_well || !never_drilled.is_empty(),
            never_drilled,
            answered_at,
            error,
            doubt,
            status,
        };
        Self {
            needs_you: standing.needs_you && standing.is_asked(),
            ..standing
        }
    }

    /// Whether it was asked: the first answer may still be on its way.
    pub fn is_asked(&self) -> bool {
        self.error.is_some() || self.status.is_some()
    }
}

/// A summary that is better than what it sums up is none.
fn worst(status: &SidecarStatus, is_doubtful: bool) -> MemberState {
    let all = status.members.iter().chain(&status.set);
    let doubtful = is_doubtful.then_some(MemberState::Unknown);
    let states = all.map(|one| one.state).chain(doubtful);
    states.fold(status.state, MemberState::max)
}

/// The strategies that have a good backup and no drill that is over.
fn never_drilled(status: &SidecarStatus) -> Vec<String> {
    let with_backup = status.members.iter().filter(|one| one.last_good.is_some());
    let never = with_backup.filter(|one| one.last_drill.is_none() && one.proven.is_none());
    let named = never.map(|one| one.name.as_ref().unwrap_or(&one.strategy).clone());
    named.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-30T{text}:00Z").parse().unwrap()
    }

    /// With a backup, and a drill that has passed if `drilled`.
    fn status(state: &str, drilled: bool) -> SidecarStatus {
        let good = json!({"id": "a", "at": at("03:00"), "size": 1, "stores": []});
        let drill = json!({"id": "d", "state": "succeeded", "at": at("05:00")});
        let member = json!({
            "name": "db", "strategy": "custom", "state": state, "why": [], "last_good": good,
            "last_drill": if drilled { drill } else { json!(null) },
            "damaged": [], "missing_uploads": [], "stores": [],
        });
        let said = json!({"as_of": at("09:00"), "state": state, "members": [member]});
        serde_json::from_value(said).unwrap()
    }

    fn standing(answer: Option<SidecarStatus>, error: Option<&str>) -> SidecarStanding {
        let error = error.map(|code| RunFailure {
            code: code.to_owned(),
            message: "no answer within 3s".to_owned(),
            hint: None,
        });
        let answer = answer.map(|status| (at("09:01"), status));
        SidecarStanding::new("shop".to_owned(), String::new(), answer, error)
    }

    #[test]
    fn a_sidecar_stands_as_it_says() {
        for (state, needs_you) in [
            ("fresh", false),
            ("never", false),
            ("unknown", true),
            ("late", true),
            ("failed", true),
        ] {
            let standing = standing(Some(status(state, true)), None);
            assert_eq!(standing.state.as_str(), state);
            assert_eq!(standing.needs_you, needs_you, "{state}");
        }
    }

    #[test]
    fn the_worst_of_several_counts_whatever_the_summary_says() {
        let mut said = status("fresh", true);
        said.members[0].state = MemberState::Failed;
        let standing = standing(Some(said), None);
        assert_eq!(
            (standing.state, standing.needs_you),
            (MemberState::Failed, true)
        );
    }

    #[test]
    fn what_is_not_of_now_is_at_best_unknown() {
        let mut said = status("fresh", true);
        said.as_of = at("08:00");
        let old = standing(Some(said.clone()), None);
        assert_eq!((old.state, old.needs_you), (MemberState::Unknown, true));
        assert_eq!(old.doubt.unwrap().code, "clock-differs");
        said.state = MemberState::Failed;
        assert_eq!(standing(Some(said), None).state, MemberState::Failed);
    }

    #[test]
    fn one_that_was_never_drilled_needs_a_person() {
        let standing = standing(Some(status("fresh", false)), None);
        assert_eq!(standing.state, MemberState::Fresh);
        assert!(standing.needs_you);
        assert_eq!(standing.never_drilled, ["db"]);
    }

    #[test]
    fn one_that_does_not_answer_is_never_good_and_its_last_state_is_remembered() {
        let standing = standing(Some(status("fresh", true)), Some("no-answer"));
        assert_eq!(
            (standing.state, standing.needs_you),
            (MemberState::Unknown, true)
        );
        assert_eq!(standing.answered_at, Some(at("09:01")));
        assert_eq!(standing.status.unwrap().state, MemberState::Fresh);
    }

    #[test]
    fn one_that_was_not_asked_yet_raises_no_alarm() {
        let standing = standing(None, None);
        assert_eq!(
            (standing.state, standing.needs_you),
            (MemberState::Unknown, false)
        );
        assert!(!standing.is_asked());
    }
}
