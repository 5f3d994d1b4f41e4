//! What is found before a key is sent, or changes nothing.

use super::patient::{Patient, contents};
use crate::harness::Redis;

#[test]
fn memory_is_judged_before_a_key_is_sent() {
    for policy in ["noeviction", "allkeys-lru"] {
        let patient = Patient::new(&[]);
        let used = patient.redis.cli("info memory").stdout;
        let used = used
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:"));
        let max = used.unwrap().trim().parse::<u64>().unwrap() + 200_000;
        patient
            .redis
            .cli(&format!("config set maxmemory-policy {policy}"));
        patient.redis.cli(&format!("config set maxmemory {max}"));
        patient
            .restore(&[])
            .exits(1)
            .stderr_contains("maxmemory is")
            .stderr_contains("--accept in-place");
        patient.redis.cli("config set maxmemory 0");
        patient.has_the_old(policy);
    }
}

#[test]
fn functions_alone_are_something() {
    let patient = Patient::new(&[]);
    patient.redis.cli("flushall");
    let before = contents(&patient.redis);
    patient
        .sidecar
        .run(&["restore", "latest"])
        .exits(1)
        .stderr_contains("0 keys already, and 1 libraries of functions");
    assert_eq!(contents(&patient.redis), before);
}

#[test]
fn functions_that_the_server_does_not_take_change_nothing() {
    let hook = r#"[[ "$*" != *'--no-raw function dump' || "$*" != *'-s s'* ]] || { echo '"no functions"'; exit; }"#;
    let patient = Patient::new(&[]).hooked(hook);
    patient
        .restore(&[])
        .exits(1)
        .stderr_contains("does not take the functions");
    patient.has_the_old("refused");
}

#[test]
fn a_replica_is_told_from_its_primary() {
    let patient = Patient::new(&[]);
    let primary = Redis::start();
    let follow = format!("replicaof 127.0.0.1 {}", primary.port());
    patient.redis.cli(&follow);
    patient
        .restore(&[])
        .exits(1)
        .stderr_contains("is a replica");
}

#[test]
fn a_snapshot_that_no_server_reads_changes_nothing() {
    let patient = Patient::new(&[]);
    let damage = "printf 'XXXXXXXX' | dd of=dump.rdb bs=1 seek=400 conv=notrunc 2>/dev/null";
    let sidecar = patient.sidecar;
    let patient = Patient {
        sidecar: sidecar.hooked("redis-server", damage, &patient.gate),
        ..patient
    };
    patient.restore(&[]).exits(1);
    patient.has_the_old("damaged");
    patient.must_be_restored(&[], "damaged");
}

#[test]
fn a_server_that_has_a_key_of_our_name_keeps_it() {
    let patient = Patient::new(&[]);
    patient.redis.cli("-n 15 set sidecar_new_aaaaaaaaaa theirs");
    patient.redis.cli("-n 14 set other theirs");
    let stray = patient.sidecar.workdir().join("sidecar_redis_bbbbbbbbbb");
    std::fs::create_dir(&stray).unwrap();
    // A folder of another server's restore: what it names here is not its own.
    std::fs::write(stray.join("databases"), "0:14\n").unwrap();
    std::fs::write(stray.join("at"), "elsewhere 1 ").unwrap();
    let sidecar = &patient.sidecar;
    sidecar
        .run(&["restore", "latest"])
        .exits(1)
        .stderr_contains("already");
    assert_eq!(
        patient
            .redis
            .cli("-n 15 get sidecar_new_aaaaaaaaaa")
            .stdout
            .trim(),
        "theirs"
    );
    assert_eq!(patient.redis.cli("-n 14 get other").stdout.trim(), "theirs");
    patient.has_the_old("refused");
}
