//! A stream of any length passes through memory of one size.

use std::path::Path;

use crate::harness::{Sidecar, TOKEN, agent, measure, peak_memory, skip};

const MIB: u64 = 1 << 20;

/// Exports `mebibytes` of zeros to a client that keeps none of them; returns the server's peak.
fn peak_of_an_export(mebibytes: u64) -> u64 {
    // On a disk: the system's temporary folder may be kept in memory.
    let sidecar = Sidecar::new_in(Path::new(env!("CARGO_TARGET_TMPDIR")))
        .command(&format!("head -c {mebibytes}M /dev/zero"))
        .capture();
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
    assert_eq!(size, mebibytes * MIB);
    assert_eq!(digest, expected);
    peak_memory(server.pid())
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
    let [small, large] = [256, 5 * 1024].map(peak_of_an_export);
    assert!(large < 100 * MIB, "peak of {} MiB", large / MIB);
    assert!(
        large < small + 5 * MIB,
        "{} MiB for 5 GiB, {} MiB for 256 MiB",
        large / MIB,
        small / MIB
    );
}
