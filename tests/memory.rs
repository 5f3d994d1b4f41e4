//! A stream of any length passes through memory of one size.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{S3, Sidecar, TOKEN, agent, measure, peak_memory, sh, skip};

const MIB: u64 = 1 << 20;
/// The peak of a long export may be this much above that of a short one.
const FLAT: u64 = 12 * MIB;

/// A sidecar on a disk: the system's temporary folder may be kept in memory.
fn printing(line: &str) -> Sidecar {
    Sidecar::new_in(Path::new(env!("CARGO_TARGET_TMPDIR")))
        .command(line)
        .capture()
}

/// Exports to a client that keeps nothing of it; returns the bytes of the body, and the server's
/// peak.
fn export(sidecar: &Sidecar) -> (u64, u64) {
    let server = sidecar.serve();
    let answer = agent()
        .post(&format!("{}/backup/export", server.url))
        .header("Authorization", format!("Bearer {TOKEN}"))
        .send_empty()
        .unwrap();
    assert_eq!(answer.status(), 200);
    let expected = answer.headers()["x-checksum-sha256"]
        .to_str()
        .unwrap()
        .to_owned();
    let (size, digest) = measure(answer.into_body().into_reader());
    assert_eq!(digest, expected);
    (size, peak_memory(server.pid()))
}

fn is_flat(what: &str, [small, large]: [u64; 2]) {
    assert!(
        large < small + FLAT,
        "{what}: a peak of {} MiB for the long one, {} MiB for the short one",
        large / MIB,
        small / MIB
    );
}

#[test]
fn five_gibibytes_take_no_more_memory_than_a_quarter() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).unwrap();
    let disk = rustix::fs::statvfs(folder).unwrap();
    let free = disk.f_bavail * disk.f_frsize / MIB;
    if free < 12 * 1024 {
        let why = format!("12 GiB of disk are needed, {free} MiB are free");
        return skip("memory::five_gibibytes", &why);
    }
    let peaks = [256, 5 * 1024].map(|mebibytes| {
        let (size, peak) = export(&printing(&format!("head -c {mebibytes}M /dev/zero")));
        assert_eq!(size, mebibytes * MIB);
        peak
    });
    assert!(peaks[1] < 100 * MIB, "peak of {} MiB", peaks[1] / MIB);
    is_flat("plain", peaks);
}

/// Compressed and encrypted: noise, which no codec makes smaller, and zeros, which come out as next
/// to nothing, in turn.
#[test]
fn every_codec_takes_the_same_memory_for_four_times_as_much() {
    let key = sh("age-keygen 2>/dev/null | grep -o 'age1.*'")
        .succeeds()
        .stdout;
    for codec in ["gz", "bz2", "xz", "zst"] {
        let peaks = [8, 32].map(|rounds| {
            let line = format!(
                "for i in $(seq {rounds}); do head -c 1M /dev/urandom; head -c 7M /dev/zero; done"
            );
            let sidecar = printing(&line)
                .set("strategy.artifact.compression", codec)
                .set("strategy.artifact.level", 1)
                .set(
                    "strategy.artifact.encryption.age.recipients",
                    vec![key.trim().to_owned()],
                );
            let (size, peak) = export(&sidecar);
            assert!(size > rounds * MIB, "{codec}: {size} bytes");
            peak
        });
        is_flat(codec, peaks);
    }
}

/// The peaks of a short and of a long backup into a store that `store` makes of an empty folder.
fn peaks_into(store: impl Fn(&Path) -> Value) -> [u64; 2] {
    [32, 320].map(|mebibytes| {
        let sidecar = printing(&format!("head -c {mebibytes}M /dev/urandom"));
        let folder = sidecar.folder().join("store");
        std::fs::create_dir(&folder).unwrap();
        let (size, peak) = export(&sidecar.set("stores", json!([store(&folder)])));
        assert_eq!(size, mebibytes * MIB);
        peak
    })
}

#[test]
fn a_folder_as_a_store_takes_no_memory_for_what_is_put_into_it() {
    let into_folder = peaks_into(|path| json!({"name": "local", "type": "fs", "path": path}));
    is_flat("into a folder", into_folder);
}

#[test]
fn a_bucket_takes_no_memory_for_what_is_put_into_it() {
    let s3 = S3::start();
    let into_bucket = peaks_into(|_| s3.store());
    is_flat("into a bucket", into_bucket);
    let none = export(&printing("head -c 32M /dev/urandom")).1;
    assert!(
        into_bucket[1] < none + 16 * MIB,
        "{} MiB more than without a store",
        (into_bucket[1] - none) / MIB
    );
}
