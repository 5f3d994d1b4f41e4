//! Sidecars that share a store take turns.

use std::time::Duration;

use super::fixtures::at;
use crate::store::{Acquired, Lease, Store};

const HOUR: Duration = Duration::from_secs(3600);
const SLOT: &str = "2023-12-01T03:00:00Z";

async fn ask(store: &Store, slot: &str, owner: &str, now: &str) -> Acquired {
    store
        .acquire("test", slot, owner, HOUR, || at(now))
        .await
        .unwrap()
}

async fn take(store: &Store, slot: &str, owner: &str, now: &str) -> Lease {
    match ask(store, slot, owner, now).await {
        Acquired::Held(lease) => lease,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn take_turns(store: &Store) {
    let mut a = take(store, SLOT, "a", "2023-12-01T03:00:00Z").await;
    let busy = ask(store, SLOT, "b", "2023-12-01T03:10:00Z").await;
    assert!(
        matches!(&busy, Acquired::Busy { owner, until } if owner == "a" && *until == at("2023-12-01T04:00:00Z")),
        "{busy:?}"
    );
    a.renew(at("2023-12-01T03:50:00Z")).await.unwrap();
    let busy = ask(store, SLOT, "b", "2023-12-01T04:30:00Z").await;
    assert!(matches!(busy, Acquired::Busy { .. }), "{busy:?}");
    a.note(vec!["daily/x".to_owned()], at("2023-12-01T04:30:00Z"))
        .await
        .unwrap();
    a.release(true, Vec::new(), at("2023-12-01T04:31:00Z"))
        .await
        .unwrap();
    let done = ask(store, SLOT, "b", "2023-12-01T04:32:00Z").await;
    assert!(
        matches!(&done, Acquired::Done { owner } if owner == "a"),
        "{done:?}"
    );
    let done = ask(store, SLOT, "a", "2023-12-01T04:33:00Z").await;
    assert!(matches!(&done, Acquired::Done { .. }), "{done:?}");
    let before = ask(store, "2023-11-30T03:00:00Z", "b", "2023-12-01T04:34:00Z").await;
    assert!(matches!(&before, Acquired::Done { .. }), "{before:?}");
    // The next slot is another matter, and one that was given back undone is free at once.
    let next = "2023-12-02T03:00:00Z";
    take(store, next, "b", next)
        .await
        .release(false, Vec::new(), at(next))
        .await
        .unwrap();
    take(store, next, "a", next)
        .await
        .release(true, Vec::new(), at(next))
        .await
        .unwrap();
}

pub(super) async fn expire(store: &Store) {
    let slot = "2023-12-03T03:00:00Z";
    take(store, slot, "a", slot).await;
    let mut killed = take(store, slot, "a", slot).await;
    let unfinished = vec!["daily/y".to_owned()];
    killed.note(unfinished.clone(), at(slot)).await.unwrap();
    let mut heir = take(store, slot, "b", "2023-12-03T04:00:01Z").await;
    assert_eq!(heir.keys(), unfinished);
    let error = killed.renew(at("2023-12-03T04:00:02Z")).await.unwrap_err();
    assert_eq!(error.code(), "lease-lost");
    let error = killed
        .release(true, Vec::new(), at("2023-12-03T04:00:03Z"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "lease-lost");
    heir.release(true, Vec::new(), at("2023-12-03T04:00:04Z"))
        .await
        .unwrap();

    // Of many who ask at once, one gets it.
    let slot = "2023-12-04T03:00:00Z";
    let asked: Vec<_> = (0..8)
        .map(|n| {
            let (store, owner) = (store.clone(), format!("owner-{n}"));
            tokio::spawn(
                async move { store.acquire("test", slot, &owner, HOUR, || at(slot)).await },
            )
        })
        .collect();
    let mut held = 0;
    for asked in asked {
        match asked.await.unwrap() {
            Ok(Acquired::Held(_)) => held += 1,
            Ok(Acquired::Busy { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(held, 1);
}
