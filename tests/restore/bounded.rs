//! What is written for a restore is bounded by what the manifest says, before it is written.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{in_store, read, sidecar, stored};
use crate::harness::{Sidecar, Tmpfs, sh, sha256, skip};

/// A small artifact that becomes 512 MiB, in the place of the one in the store.
fn bomb(sidecar: &Sidecar, compression: &str) {
    let artifact = in_store(sidecar, ".dat");
    let bytes = match compression {
        "gz" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            (0..512).for_each(|_| encoder.write_all(&vec![0; 1 << 20]).unwrap());
            encoder.finish().unwrap()
        }
        _ => {
            let made = sidecar.folder().join("bomb");
            let line = format!("head -c 512M /dev/zero | zstd -q > '{}'", made.display());
            sh(&line).succeeds();
            fs::read(made).unwrap()
        }
    };
    let manifest = in_store(sidecar, ".manifest.json");
    let mut said: Value = serde_json::from_str(&read(&manifest)).unwrap();
    said.as_object_mut().unwrap().remove("manifest_sha256");
    said["artifact"]["size"] = json!(bytes.len());
    said["artifact"]["sha256"] = json!(sha256(&bytes));
    for (path, bytes) in [(artifact, bytes), (manifest, said.to_string().into_bytes())] {
        fs::remove_file(&path).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_bomb_does_not_fill_the_disk() {
    for compression in ["gz", "zst"] {
        let sidecar = stored(sidecar("echo hello", "cat > back"))
            .set("strategy.artifact.compression", compression);
        sidecar.backup().succeeds();
        bomb(&sidecar, compression);
        // Less than it would become: it must be found before.
        let tmpfs = match Tmpfs::mount(&sidecar.artifacts(), "16M") {
            Ok(tmpfs) => tmpfs,
            Err(why) => return skip("a_bomb_does_not_fill_the_disk", &why),
        };
        sidecar
            .run(&["restore", "latest"])
            .exits(4)
            .stderr_contains("more than the 6 bytes that its manifest says");
        assert!(!sidecar.workdir().join("back").exists());
        drop(tmpfs);
    }
}

#[test]
fn a_disk_that_is_too_small_is_found_before_anything_is_fetched() {
    let sidecar = stored(sidecar("head -c 3000000 /dev/urandom", "cat > back"))
        .set("strategy.artifact.compression", "gz");
    sidecar.backup().succeeds();
    let tmpfs = match Tmpfs::mount(&sidecar.artifacts(), "4M") {
        Ok(tmpfs) => tmpfs,
        Err(why) => return skip("a_disk_that_is_too_small", &why),
    };
    // The artifact would fit, and what it becomes would fit: both do not.
    sidecar
        .run(&["restore", "latest"])
        .exits(1)
        .stderr_contains("bytes are needed in");
    drop(tmpfs);
}
