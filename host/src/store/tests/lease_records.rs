//! Whatever a lease says that a sidecar, an older one or a stranger has written: the next owner goes on from there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::artifact::damaged::damaged;

fn now() -> Timestamp {
    "2026-06-01T03:00:00Z".parse().unwrap()
}

fn here() -> LeaseMoment {
    LeaseMoment {
        boot: Some("this".to_owned()),
        up: 3600,
        store: Some(now()),
    }
}

fn slots() -> impl Strategy<Value = String> {
    prop_oneof!["20(26|99)06(01|02|03)T030000Z", ".{0,8}"]
}

/// What any version may have written, and what none has.
fn texts() -> impl Strategy<Value = Value> {
    let number = || prop_oneof![0u64..10, any::<u64>()];
    let moment = json!({"boot": "this", "up": 0, "store": "2026-06-01T02:00:00Z"});
    let state = option::of(prop::sample::select(vec!["held", "free"]));
    let ended = prop::sample::select(vec!["1970-01-01T00:00:00Z", "2026-06-01T03:02:00Z"]);
    (
        (number(), number(), number(), option::of(number())),
        (state, slots(), vec(slots(), 0..12), any::<bool>(), ended),
    )
        .prop_map(move |((generation, renewed, duration, seq), (state, slot, done_slots, done, ended))| {
            let mut at = moment.clone();
            at["slot"] = slot.clone().into();
            json!({
                "v": 2, "gen": generation, "owner": "a", "state": state, "slot": slot, "lasting_s": duration,
                "renewed": renewed, "done": done, "done_slots": done_slots, "done_at": [at], "keys": ["daily/x"],
                "seq": seq, "expires_at": ended,
            })
        })
}

proptest! {
    #[test]
    fn the_next_owner_goes_on_from_it(text in texts(), slot in slots()) {
        let before: LeaseRecord = serde_json::from_value(text).unwrap();
        prop_assert!((1..=LONGEST).contains(&before.duration().as_secs()));
        let period = Duration::from_secs(86_400);
        before.standing(&slot, now(), &here(), period);
        let next = LeaseRecord::next(Some(before.clone()), "b", &slot, Duration::from_secs(120), now());
        prop_assert!(!next.is_of_same_owner(&before) && next.generation >= before.generation);
        prop_assert_eq!(&next.keys, &before.keys);
        let renewed = next.renewed(next.keys.clone(), now());
        prop_assert!(renewed.is_of_same_owner(&next) && !renewed.is_free());
        // What was done is remembered, and for a while not done again.
        let released = renewed.released(true, Vec::new(), here());
        prop_assert!(released.is_free());
        prop_assert_eq!(released.standing(&slot, now(), &here(), period), SlotStanding::Done);
        let text = serde_json::to_vec(&released).unwrap();
        prop_assert_eq!(serde_json::from_slice::<LeaseRecord>(&text).unwrap(), released);
    }

    #[test]
    fn a_changed_one_is_read_or_refused(
        text in texts().prop_flat_map(|text| damaged(text.to_string().into_bytes()))
    ) {
        if let Ok(found) = serde_json::from_slice::<LeaseRecord>(&text) {
            let next = LeaseRecord::next(Some(found), "b", "x", Duration::from_secs(120), now());
            prop_assert!(!next.is_free());
        }
    }
}
