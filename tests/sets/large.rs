//! Three members in turn, one of more than 4 GiB: the file has numbers of 64 bits, and memory stays small. What a server
//! takes in all depends on how it was built, most of it being its own code: `tests/bench` (P9) measures a release.

use std::path::Path;

use serde_json::json;

use super::{custom, with_store};
use crate::harness::{Sidecar, TOKEN, peak_memory, sh, skip};

const MIB: u64 = 1 << 20;
/// Bytes of the large member.
const LARGE: u64 = 4200 * MIB;

#[test]
fn a_set_of_more_than_four_gibibytes_in_little_memory() {
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let facts = rustix::fs::statvfs(disk).unwrap();
    let free = facts.f_bavail * facts.f_frsize / MIB;
    if free < 10 * 1024 {
        let why = format!("10 GiB of disk are needed, {free} MiB are free");
        return skip("sets::large", &why);
    }
    let sidecar = with_store(Sidecar::new_in(disk))
        .strategies(json!({
            "large": custom(&format!("head -c {LARGE} /dev/zero")),
            "small": custom("echo small"),
            "files": {"type": "filesystem", "config": {"paths": ["a"]}},
        }))
        .set("stores", json!([]))
        .set("app.export.first_byte_within", "0s");
    std::fs::write(sidecar.workdir().join("a"), "a").unwrap();
    let server = sidecar.serve();
    let file = sidecar.folder().join("set.zip");
    let idle = peak_memory(server.pid());
    sh(&format!(
        "curl -sS -X POST -H 'Authorization: Bearer {TOKEN}' {}/backup/export | dd bs=1M iflag=fullblock conv=sparse of='{}' status=none",
        server.url,
        file.display()
    ))
    .succeeds();
    let more = (peak_memory(server.pid()) - idle) / MIB;
    assert!(more <= 16, "{more} MiB more than without work");
    let file = file.display();
    sh(&format!("unzip -tq '{file}'")).succeeds();
    sh(&format!("bsdtar -tf '{file}'"))
        .stdout_contains("small/db.dump")
        .succeeds();
    let python = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); \
                  print(z.getinfo('large/db.dump').file_size, z.read('small/db.dump'))";
    sh(&format!("python3 -c \"{python}\" '{file}'"))
        .stdout_contains(&format!("{LARGE} b'small\\n'"))
        .succeeds();
}
