//! Replicas: the same configuration, several times. They make one backup a slot between them.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Clock, Gate, S3, Server, Sidecar, within};

/// How long anything may take on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A sidecar whose command stops at its gate, every night at three.
fn replica(clock: &Clock, stores: &serde_json::Value) -> (Sidecar, Gate) {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("gate");
    // Replicas have one configuration: each has a gate of its own at the same place.
    let sidecar = sidecar
        .command("cat ../gates/gate; echo good")
        .capture()
        .set("schedule", json!([{"cron": "0 3 * * *"}]))
        .set("stores", stores.clone());
    (clock.rules(sidecar), gate)
}

/// A server that waits for the next night.
fn serve(sidecar: &Sidecar) -> Server {
    let mut server = sidecar.serve();
    says(&mut server, "next backup at");
    server
}

fn says(server: &mut Server, words: &str) {
    within(TIME_LIMIT, words, || {
        server.log().contains(words).then_some(())
    });
}

/// Which of the two makes the backup: the other one says so.
fn winner_and_loser<'a, T>(
    a: &'a mut (Server, T),
    b: &'a mut (Server, T),
) -> (&'a mut (Server, T), &'a mut (Server, T)) {
    let b_wins = within(
        TIME_LIMIT,
        "one of them lets the other one go first",
        || {
            let waits =
                |server: &mut Server| server.log().contains("a replica is making the backup");
            (waits(&mut a.0) || waits(&mut b.0)).then(|| waits(&mut a.0))
        },
    );
    if b_wins { (b, a) } else { (a, b) }
}

fn artifacts(s3: &S3) -> Vec<String> {
    let mut keys = s3.keys();
    keys.retain(|key| key.ends_with(".dat"));
    keys
}

#[test]
fn two_replicas_make_one_backup() {
    let s3 = S3::start();
    let clock = Clock::at("2023-12-01T02:59:00Z");
    let stores = json!([s3.store()]);
    let (one, two) = (replica(&clock, &stores), replica(&clock, &stores));
    let (mut one, mut two) = ((serve(&one.0), one.1), (serve(&two.0), two.1));
    clock.set("2023-12-01T03:00:00Z");
    let (winner, loser) = winner_and_loser(&mut one, &mut two);
    drop(winner.1.reached());
    says(&mut winner.0, "next backup at 2023-12-02T03:00:00Z");
    clock.set("2023-12-01T03:05:00Z");
    says(
        &mut loser.0,
        "a replica has made the backup of 2023-12-01T03:00:00Z",
    );
    says(&mut loser.0, "next backup at 2023-12-02T03:00:00Z");
    assert_eq!(artifacts(&s3), ["citus/daily/backup_20231201_030000.dat"]);
}

#[test]
fn one_that_is_killed_over_a_backup_is_followed_by_the_other() {
    let s3 = S3::start();
    let clock = Clock::at("2023-12-01T02:59:00Z");
    // A folder that only one of them has decides nothing.
    let folder = tempfile::tempdir().unwrap();
    let own = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        json!([{"name": "local", "type": "fs", "path": path}, s3.store()])
    };
    let (one, two) = (replica(&clock, &own("one")), replica(&clock, &own("two")));
    let (mut one, mut two) = ((serve(&one.0), one.1), (serve(&two.0), two.1));
    clock.set("2023-12-01T03:00:00Z");
    let (winner, loser) = winner_and_loser(&mut one, &mut two);
    let _open = winner.1.reached();
    crate::harness::send(winner.0.pid(), rustix::process::Signal::KILL);
    clock.set("2023-12-01T03:05:00Z");
    drop(loser.1.reached());
    says(&mut loser.0, "next backup at 2023-12-02T03:00:00Z");
    assert_eq!(artifacts(&s3), ["citus/daily/backup_20231201_030500.dat"]);

    // One that starts in a new container sees in the store that nothing is missing.
    let (third, _) = replica(&clock, &json!([s3.store()]));
    let mut third = third.serve();
    says(&mut third, "next backup at 2023-12-02T03:00:00Z");
    assert!(!third.log().contains("was missed"), "{}", third.log());

    // And, two days later, that something is.
    drop((one, two, third));
    clock.set("2023-12-03T12:00:00Z");
    let (fourth, gate) = replica(&clock, &json!([s3.store()]));
    let mut fourth = fourth.serve();
    says(&mut fourth, "the backup of 2023-12-03T03:00:00Z was missed");
    drop(gate.reached());
    s3.has("citus/daily/backup_20231203_120000.dat.manifest.json");
}

#[test]
fn a_store_that_cannot_be_asked_has_no_say() {
    let s3 = S3::start();
    let clock = Clock::at("2023-12-01T02:59:00Z");
    let unreachable = format!("http://127.0.0.1:{}", crate::harness::free_port());
    let mut gone = s3.store_at(&unreachable);
    gone["name"] = "gone".into();
    let (sidecar, gate) = replica(&clock, &json!([gone, s3.store()]));
    let mut server = serve(&sidecar);
    clock.set("2023-12-01T03:00:00Z");
    drop(gate.reached());
    says(
        &mut server,
        "cannot ask whether a replica makes this backup",
    );
    // The other store has it long before this one is given up.
    s3.has("citus/daily/backup_20231201_030000.dat.manifest.json");
}

#[test]
fn two_replicas_make_one_drill() {
    let s3 = S3::start();
    let clock = Clock::at("2023-12-01T04:59:00Z");
    let scratch = tempfile::tempdir().unwrap();
    let replica = || {
        let sidecar = Sidecar::new();
        let gate = sidecar.gate("gate");
        let sidecar = sidecar
            .command("echo good")
            .capture()
            .set(
                "strategy.config.restore",
                "cat ../gates/gate; cat > \"$SIDE_CAR_RESTORE_INTO/back\"",
            )
            .set("stores", json!([s3.store()]))
            .set(
                "drill",
                json!({"cron": "0 5 * * *", "into": scratch.path(), "check": ["grep good back"]}),
            );
        (clock.rules(sidecar), gate)
    };
    let (one, two) = (replica(), replica());
    one.0.backup().succeeds();
    let serve = |sidecar: &Sidecar| {
        let mut server = sidecar.serve();
        says(&mut server, "next drill at 2023-12-01T05:00:00Z");
        server
    };
    let (mut one, mut two) = ((serve(&one.0), one), (serve(&two.0), two));
    clock.set("2023-12-01T05:00:00Z");
    let waits = |server: &mut Server| server.log().contains("a replica is making the drill");
    let second_wins = within(TIME_LIMIT, "one of them waits", || {
        (waits(&mut one.0) || waits(&mut two.0)).then(|| waits(&mut one.0))
    });
    let (winner, loser) = match second_wins {
        true => (&mut two, &mut one),
        false => (&mut one, &mut two),
    };
    // A person who asks at the same time waits for the replica, too.
    let by_hand = loser.1.0.start(&["drill"]);
    drop(winner.1.1.reached());
    says(&mut winner.0, "drill passed");
    says(
        &mut loser.0,
        "a replica has made the drill of 2023-12-01T05:00:00Z",
    );
    drop(loser.1.1.reached());
    by_hand.finish().succeeds();
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}
