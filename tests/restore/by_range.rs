//! P9: a part out of an artifact in S3 costs little more than itself, counted at the server.

use serde_json::json;

use super::encrypted::encrypted;
use super::parts::{blob, blobs, restore};
use crate::harness::{Counted, S3, Sidecar};

const MIB: u64 = 1 << 20;

/// Restores the part alone; bytes that the server answered meanwhile.
fn fetched(sidecar: &Sidecar, counted: &Counted, part: &str) -> u64 {
    counted.take();
    restore(sidecar, &["--only", part]);
    counted.take()
}

#[test]
fn a_part_costs_little_more_than_itself() {
    let s3 = S3::start();
    let counted = Counted::before(s3.url("").trim_end_matches("/backups"));
    let sizes = [
        ("app1", 12_345_678),
        ("app2", 20_000_000),
        ("globals", 4_321),
    ];
    let config = json!({"blobs": sizes.into_iter().collect::<std::collections::BTreeMap<_, _>>()});
    for sidecar in [blobs(), encrypted(blobs())] {
        let sidecar = sidecar
            .set("strategy.config", config.clone())
            .set("stores", json!([s3.store_at(&counted.url)]));
        sidecar.backup().succeeds();
        for (name, size) in sizes {
            let bytes = fetched(&sidecar, &counted, name);
            let most = size as u64 * 105 / 100 + MIB;
            assert!(
                bytes > size as u64 && bytes <= most,
                "{name}: {bytes} bytes, at most {most}"
            );
            let back = std::fs::read(sidecar.folder().join("restored").join(name)).unwrap();
            assert!(back == blob(name, size), "{name} differs");
        }
    }
}
