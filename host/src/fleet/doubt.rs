//! Why an answer of a sidecar cannot be taken as it stands. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::service::{MemberState, RunFailure, SidecarStatus};

/// By how much the clock of a sidecar may differ from the fleet's, the way of the answer included.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What is wrong with a status that came at `now`, by the fleet's clock. A sidecar whose clock stands is never late to
/// itself, and what a cache repeats was once true.
pub(super) fn doubt(status: &SidecarStatus, now: Timestamp) -> Option<RunFailure> {
    let difference = now.duration_since(status.as_of);
    if difference.abs() > TOLERANCE {
        return Some(clock_differs("what it answers", status.as_of, difference));
    }
    if status.members.is_empty() {
        return Some(RunFailure {
            code: "no-members".to_owned(),
            message: "it names no strategy that it backs up".to_owned(),
            hint: Some("is the URL that of a sidecar?".to_owned()),
        });
    }
    let mut all = status.members.iter().chain(&status.set);
    let newest = all
        .clone()
        .filter_map(|one| Some(one.last_good.as_ref()?.at))
        .max();
    if let Some(at) = newest.filter(|at| at.duration_since(now) > TOLERANCE) {
        return Some(clock_differs(
            "its newest backup",
            at,
            now.duration_since(at),
        ));
    }
    (status.state == MemberState::Unknown && all.all(|one| one.why.is_empty())).then(|| RunFailure {
        code: "state-unclear".to_owned(),
        message: "it does not know how its backups stand, or says so in a word that this fleet does not know"
            .to_owned(),
        hint: Some("its stores may not have answered yet; if it is newer than this fleet, update the fleet".to_owned()),
    })
}

fn clock_differs(what: &str, as_of: Timestamp, difference: SignedDuration) -> RunFailure {
    let behind = if difference.is_positive() {
        "old"
    } else {
        "ahead"
    };
    let span = in_words(difference.abs());
    RunFailure {
        code: "clock-differs".to_owned(),
        message: format!("{what} is of {as_of:.0}: {span} {behind} by the clock of the fleet"),
        hint: Some(
            "compare the clocks of both machines; if they agree, a cache or a proxy on the way repeats an old answer"
                .to_owned(),
        ),
    }
}

/// The largest unit alone: what is told changes seldom.
fn in_words(span: SignedDuration) -> String {
    let (count, unit) = match (span.as_hours() / 24, span.as_hours(), span.as_mins()) {
        (0, 0, minutes) => (minutes, "minutes"),
        (0, hours, _) => (hours, "h"),
        (days, ..) => (days, "days"),
    };
    match (count, unit) {
        (1, "days") => "1 day".to_owned(),
        _ => format!("{count} {unit}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    const AS_OF: &str = "2026-11-30T09:00:00Z";

    fn status(state: &str, members: usize) -> SidecarStatus {
        let member = json!({
            "strategy": "custom", "state": state, "why": [], "damaged": [], "missing_uploads": [], "stores": [],
        });
        let said = json!({"as_of": AS_OF, "state": state, "members": vec![member; members]});
        serde_json::from_value(said).unwrap()
    }

    fn told(status: &SidecarStatus, now: &str) -> Option<(String, String)> {
        let found = doubt(status, now.parse().unwrap())?;
        Some((found.code, found.message))
    }

    #[test]
    fn an_answer_is_of_now_within_five_minutes() {
        let fresh = status("fresh", 1);
        for near in ["2026-11-30T09:05:00Z", "2026-11-30T08:55:00Z"] {
            assert_eq!(told(&fresh, near), None, "{near}");
        }
        for (now, words) in [
            ("2026-11-30T09:06:00Z", "6 minutes old"),
            ("2026-11-30T12:10:00Z", "3 h old"),
            ("2026-12-30T09:00:00Z", "30 days old"),
            ("2026-11-29T08:00:00Z", "1 day ahead"),
        ] {
            let (code, message) = told(&fresh, now).unwrap();
            assert_eq!(code, "clock-differs");
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn a_backup_of_the_future_is_in_doubt() {
        let mut fresh = status("fresh", 2);
        let of = |at: &str| {
            let good = json!({"id": "a", "at": at, "size": 1, "stores": [], "warnings": 0});
            serde_json::from_value(good).unwrap()
        };
        fresh.members[1].last_good = Some(of("2026-11-30T09:04:00Z"));
        assert_eq!(told(&fresh, AS_OF), None);
        fresh.members[1].last_good = Some(of("2026-12-14T09:00:00Z"));
        let (code, message) = told(&fresh, AS_OF).unwrap();
        assert_eq!(code, "clock-differs");
        assert!(
            message.contains("its newest backup is of 2026-12-14")
                && message.contains("14 days ahead"),
            "{message}"
        );
    }

    #[test]
    fn an_answer_that_says_nothing_is_in_doubt() {
        let code = |status| told(&status, AS_OF).map(|(code, _)| code);
        assert_eq!(code(status("fresh", 0)).unwrap(), "no-members");
        assert_eq!(code(status("haunted", 1)).unwrap(), "state-unclear");
        assert_eq!(code(status("failed", 1)), None);
    }
}
