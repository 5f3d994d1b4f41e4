//! The example that dumps a Redis server over the wire: one granted address, and no command at all.

use serde_json::json;

use crate::harness::{Redis, Sidecar, component, free_port};

/// A sidecar whose module is to connect to `address`, and may connect to `granted`.
fn snapshot(address: &str, granted: &str) -> Sidecar {
    Sidecar::new()
        .strategy("redis_snapshot")
        .set("strategy.config.address", address)
        .set(
            "modules.redis_snapshot.source",
            component("redis_snapshot").to_str().unwrap(),
        )
        .set(
            "modules.redis_snapshot.allow",
            json!({"commands": [], "net": [granted]}),
        )
}

/// A server with something of every kind in it.
fn filled() -> Redis {
    let redis = Redis::start();
    redis.cli("debug populate 20000 key 300");
    redis.cli("hset 'a hash' field 'value with ñ'");
    redis.cli("zadd scores 1.5 one 2 two");
    redis.cli("rpush list a b c");
    redis.cli("set expires soon ex 3600");
    redis.cli("xadd stream 1-1 field value");
    redis
}

/// The artifact, in a second server, is what the first one holds.
fn comes_back(sidecar: &Sidecar, redis: &Redis) {
    let copy = Redis::start_from(&sidecar.artifacts().join("backup.dat"));
    assert_eq!(copy.cli("dbsize").stdout.trim(), "20005");
    assert_eq!(copy.digest(), redis.digest());
}

#[test]
fn what_it_takes_comes_back_key_by_key() {
    let redis = filled();
    let address = format!("127.0.0.1:{}", redis.port());
    let sidecar = snapshot(&address, &address);
    sidecar
        .check()
        .succeeds()
        .stdout_contains(&format!("granted  net      {address}"))
        .never_says("commands");
    sidecar.backup().succeeds();
    comes_back(&sidecar, &redis);
}

#[test]
fn a_server_that_writes_to_its_disk_first_is_understood_too() {
    let redis = filled();
    redis.cli("config set repl-diskless-sync no");
    let address = format!("localhost:{}", redis.port());
    let sidecar = snapshot(&address, "localhost:*");
    sidecar.backup().succeeds();
    comes_back(&sidecar, &redis);
}

#[test]
fn without_its_address_it_does_not_run() {
    let redis = Redis::start();
    let address = format!("127.0.0.1:{}", redis.port());
    let sidecar = snapshot(&address, "127.0.0.1:1");
    let error = sidecar.run(&["backup", "--json"]).exits(3).json()["error"].take();
    assert_eq!(error["code"], "not-allowed", "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains(&format!("net: {address}")),
        "{error}"
    );
    sidecar
        .check()
        .exits(3)
        .stdout_contains(&format!("REFUSED  net      {address}"));
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn it_logs_in_with_a_password_that_nobody_sees() {
    let redis = filled();
    redis.cli("acl setuser backup on '>open sesame' +psync +sync +replconf");
    let address = format!("127.0.0.1:{}", redis.port());
    let with = |password: &str| {
        snapshot(&address, &address)
            .set("strategy.config.username", "backup")
            .set("strategy.config.password_env", "REDIS_PASSWORD")
            .set(
                "modules.redis_snapshot.allow.env",
                json!(["REDIS_PASSWORD"]),
            )
            .env("REDIS_PASSWORD", password)
    };
    let sidecar = with("open sesame");
    sidecar
        .run(&["backup", "-v"])
        .succeeds()
        .never_says("sesame");
    comes_back(&sidecar, &redis);

    let sidecar = with("wrong password");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("refuses the login: WRONGPASS")
        .never_says("wrong password");
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let address = format!("127.0.0.1:{}", free_port());
    let sidecar = snapshot(&address, &address);
    let error = sidecar.run(&["backup", "--json"]).exits(1).json()["error"].take();
    assert_eq!(
        error["message"],
        format!("cannot connect to {address}: Connection refused"),
        "{error}"
    );
    assert_eq!(sidecar.files(), [""; 0]);
}
