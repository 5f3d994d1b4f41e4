//! Redis.

use super::{drilling, is_protected};
use crate::engines_complete::keeping;
use crate::harness::Redis;

#[test]
fn a_drill_reaches_neither_what_is_backed_up_nor_what_no_drill_has_made() {
    let (redis, scratch) = (Redis::start(), Redis::start());
    redis.cli("set k v");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    sidecar.backup().succeeds();
    redis.cli("set since v");
    let sidecar = is_protected(sidecar, &format!("redis://localhost:{}/", redis.port()));
    assert_eq!(redis.cli("get since").stdout.trim(), "v");

    scratch.cli("set mine x");
    let sidecar = drilling(sidecar, &format!("redis://127.0.0.1:{}/", scratch.port()));
    sidecar.check().succeeds();
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains("has data that no drill has made");
    assert_eq!(scratch.cli("get mine").stdout.trim(), "x");
    scratch.cli("del mine");
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
        assert_eq!(scratch.cli("get k").stdout.trim(), "v");
    }
    assert_eq!(redis.cli("get since").stdout.trim(), "v");
}

#[test]
fn a_drill_into_a_replica_is_refused() {
    let (redis, replica) = (Redis::start(), Redis::start());
    redis.cli("set k v");
    replica.cli(&format!("replicaof 127.0.0.1 {}", redis.port()));
    crate::harness::within(std::time::Duration::from_secs(30), "the replica", || {
        let found = replica.cli("get k").stdout;
        (found.trim() == "v").then_some(())
    });
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", redis.port()));
    sidecar.backup().succeeds();
    drilling(sidecar, &format!("redis://127.0.0.1:{}/", replica.port()))
        .run(&["drill"])
        .exits(1)
        .stderr_contains("hold the same data");
}
