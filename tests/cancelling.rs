//! Runs that are cancelled: at any moment, nothing of them is left, or all of it is good.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{
    Clock, Fault, S3, STOP_LIMIT, Server, Sidecar, age_key, sh, sha256, through, within,
};

/// Some hundred KiB, and a pause: a request to cancel it at once arrives before its end.
const DUMP: &str = "seq 1 40000; sleep 0.04; seq 1 40000";

const ROUNDS: u32 = 30;

const PUBLISHED: &str = "artifacts/backup.dat";

/// A small generator of unrelated numbers from 0 to below 1.
struct Chance(u64);

impl Chance {
    /// The seed is printed, so that a failure can be repeated.
    fn new() -> Self {
        let seed = u64::from(std::process::id());
        println!("seed {seed}");
        Self(seed)
    }

    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }
}

#[test]
fn a_cancelled_run_is_gone_when_that_is_answered() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let sidecar = sidecar.command(&format!(
        "trap '' TERM INT; sleep 600 & echo half > \"$SIDE_CAR_TEMP_DUMP\"; {}",
        gate.wait()
    ));
    let server = sidecar.serve();
    let idle = sidecar.processes().len();
    let url = server.start_run();
    let _open = gate.reached();
    let job = server.ask("DELETE", &url, &[]).json();
    assert_eq!(sidecar.processes().len(), idle, "{:?}", sidecar.processes());
    assert_eq!(job["state"], "cancelled", "{job}");
    assert_eq!(job["error"]["code"], "cancelled");
    assert_eq!(sidecar.files(), [""; 0]);
    // Once more changes nothing.
    assert_eq!(server.ask("DELETE", &url, &[]).json()["state"], "cancelled");
}

#[test]
fn a_cancel_while_old_backups_go_leaves_the_rest_of_them_and_the_new_one() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let clock = Clock::at("2023-12-01T03:00:00Z");
    let stores = json!([s3.store_behind(&proxy)]);
    let sidecar = clock.rules(Sidecar::printing("a backup").set("stores", stores));
    for day in 2..=4 {
        sidecar.backup().succeeds();
        clock.set(&format!("2023-12-0{day}T03:00:00Z"));
    }
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
    let server = sidecar.serve();
    let slow = Fault::Slow(Duration::from_secs(2));
    let deletions = proxy.inject("DELETE", ".manifest.json", 3, slow);
    let url = server.post("/backup/run").header("location").to_owned();
    within(Duration::from_secs(30), "the first deletion", || {
        (deletions.count() == 1).then_some(())
    });
    let run = server.ask("DELETE", &url, &[]).json();
    assert_eq!(
        (&run["state"], &run["warnings"][0]["code"]),
        (&json!("succeeded"), &json!("cancelled")),
        "{run}"
    );
    assert_eq!(deletions.count(), 1, "{run}");
    sidecar.run(&["verify", "--all"]).succeeds();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 3, "{listed}");
    // The next run goes on.
    clock.set("2023-12-05T03:00:00Z");
    let next = server.post("/backup/run").header("location").to_owned();
    assert_eq!(server.over(&next)["state"], "succeeded");
    assert_eq!(deletions.count(), 3);
}

#[test]
fn cancelling_at_any_moment_leaves_nothing() {
    let sidecar = Sidecar::new().command(
        "sleep 600 & (sleep 601 | sleep 602) & \
         for i in 1 2 3 4 5; do echo half >> \"$SIDE_CAR_TEMP_DUMP\"; done; sleep 603",
    );
    let server = sidecar.serve();
    let idle = sidecar.processes().len();
    let mut chance = Chance::new();
    for round in 0..50 {
        let url = server.start_run();
        std::thread::sleep(Duration::from_millis(40).mul_f64(chance.next()));
        let job = server.ask("DELETE", &url, &[]).json();
        assert_eq!(job["state"], "cancelled", "round {round}: {job}");
        assert_eq!(
            sidecar.processes().len(),
            idle,
            "round {round}: {:?}",
            sidecar.processes()
        );
        assert_eq!(sidecar.files(), [""; 0], "round {round}");
    }
    drop(server);
    let sidecar = sidecar.command("echo next").capture();
    assert_eq!(sidecar.serve().export().body, b"next\n");
}

#[test]
fn a_cancelled_run_leaves_nothing_or_all_without_compression() {
    leaves_nothing_or_all("none", "cat");
}

#[test]
fn a_cancelled_run_leaves_nothing_or_all_with_gz() {
    leaves_nothing_or_all("gz", "gunzip");
}

#[test]
fn a_cancelled_run_leaves_nothing_or_all_with_xz() {
    leaves_nothing_or_all("xz", "xz --decompress");
}

#[test]
fn a_cancelled_run_leaves_nothing_or_all_with_zst() {
    leaves_nothing_or_all("zst", "zstd --decompress --stdout");
}

/// Runs that end by themselves, cancelled at moments from their start to beyond their end;
/// `tool` reads what the same server makes afterwards.
fn leaves_nothing_or_all(codec: &str, tool: &str) {
    let sidecar = Sidecar::new()
        .command(DUMP)
        .capture()
        .set("strategy.artifact.compression", codec);
    let key = sidecar.folder().join("age.key");
    let at = "strategy.artifact.encryption.age.recipients";
    let sidecar = sidecar.set(at, vec![age_key(&key)]);
    let server = sidecar.serve();
    let idle = sidecar.processes().len();
    let mut usual: Vec<_> = (0..5).map(|_| undisturbed(&sidecar, &server)).collect();
    usual.sort();
    let beyond_the_end = usual[2].mul_f64(1.5);

    let mut chance = Chance::new();
    let mut cancelled = 0;
    for round in 0..ROUNDS {
        // Anywhere in the round's own share of the time, so that none of it is left out by chance;
        // the first is cancelled at once.
        let moment = (f64::from(round) - chance.next()).max(0.0) / f64::from(ROUNDS);
        let delay = beyond_the_end.mul_f64(moment);
        // No two encrypted artifacts are the same: it tells whose the published one is.
        let published = sidecar.artifact();
        let url = server.start_run();
        std::thread::sleep(delay);
        if round == ROUNDS - 1 {
            // However slow the machine has become: the last comes too late.
            server.over(&url);
        }
        let job = server.ask("DELETE", &url, &[]).json();
        let processes = sidecar.processes();
        let told = format!("round {round}, after {delay:?}: {job}, {processes:?}");
        assert_eq!(processes.len(), idle, "{told}");
        if job["state"] == "cancelled" {
            cancelled += 1;
            assert_eq!(sidecar.files(), [PUBLISHED], "{told}");
            assert!(sidecar.artifact() == published, "{told}");
            let gone = server.get(&format!("{url}/artifact"));
            assert_eq!(gone.status, 404, "{told}");
            assert_eq!(gone.json()["code"], "cancelled", "{told}");
        } else {
            assert_eq!(job["state"], "succeeded", "{told}");
            assert!(sidecar.artifact() != published, "{told}");
            delivered(&sidecar, &server, &url);
        }
    }
    assert!(
        (1..ROUNDS).contains(&cancelled),
        "{cancelled} of {ROUNDS} were cancelled: both ends must have been seen"
    );

    let artifact = server.export().body;
    let tool = format!(
        "bash -o pipefail -c \"age --decrypt -i '{}' | {tool}\"",
        key.display()
    );
    let (good, dump) = through(&tool, &artifact);
    assert!(good && dump == sh(DUMP).stdout.into_bytes());
}

/// How long a run takes that is not cancelled, from the answer that it has started.
fn undisturbed(sidecar: &Sidecar, server: &Server) -> Duration {
    let url = server.start_run();
    let start = Instant::now();
    assert_eq!(server.over(&url)["state"], "succeeded");
    let took = start.elapsed();
    delivered(sidecar, server, &url);
    took
}

/// The artifact of a run that has succeeded comes as it was written, and may go when the next one begins.
#[track_caller]
fn delivered(sidecar: &Sidecar, server: &Server, url: &str) {
    let artifact = server.get(&format!("{url}/artifact"));
    assert_eq!(artifact.status, 200, "{url}");
    let job = server.get(url).json();
    assert_eq!(job["artifact"]["sha256"], sha256(&artifact.body), "{job}");
    assert!(sidecar.artifact() == Some(artifact.body), "{job}");
    let waiting = format!(
        "artifacts/.sidecar/{}.artifact",
        job["id"].as_str().unwrap()
    );
    assert_eq!(sidecar.files(), [waiting.as_str(), PUBLISHED]);
    within(STOP_LIMIT, "the delivery is noted", || {
        server.get(url).json()["delivered_at"].as_str().map(drop)
    });
}
