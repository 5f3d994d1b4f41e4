//! Volumes that go away or cannot be read while they are archived.

use std::fs;

use super::archive_of;
use super::living::{hole, while_reading};
use crate::harness::{Tmpfs, sh, skip};

#[test]
fn a_volume_that_is_unmounted_meanwhile_fails_the_run_whether_it_was_read_or_not() {
    for volume in ["data/a", "data/z"] {
        let sidecar = archive_of(["data"]);
        let place = sidecar.workdir().join(volume);
        let large = sidecar.workdir().join("data/m");
        fs::create_dir(large.parent().unwrap()).unwrap();
        hole(&large, 1 << 30);
        let tmpfs = match Tmpfs::mount(&place, "1M") {
            Ok(tmpfs) => tmpfs,
            Err(why) => return skip("a_volume_that_is_unmounted_meanwhile", &why),
        };
        fs::write(place.join("file"), "kept").unwrap();
        let running = sidecar.start(&["backup"]);
        while_reading(&running, &large, || drop(tmpfs));
        let ended = running.finish();
        assert_ne!(ended.code, Some(0), "{volume}: {ended:#?}");
        assert!(sidecar.artifact().is_none(), "{volume}");
        if volume == "data/a" {
            ended.stderr_contains("data/a was unmounted while it was read");
        }
    }
}

#[test]
fn what_the_disk_cannot_give_fails_the_run_and_is_named() {
    let sidecar = archive_of(["data"]);
    let (data, image) = (
        sidecar.workdir().join("data"),
        sidecar.folder().join("image"),
    );
    fs::create_dir(&data).unwrap();
    // A disk whose end is broken off.
    let (data_name, image_name) = (data.display(), image.display());
    let broken = sh(&format!(
        "truncate -s 24M '{image_name}' && mkfs.ext4 -q -F '{image_name}' && mount -o loop '{image_name}' '{data_name}' &&
         head -c 12M /dev/urandom >'{data_name}/large' && umount '{data_name}' && mount -o loop,ro '{image_name}' '{data_name}' &&
         truncate -s 4M '{image_name}'"
    ));
    if broken.code != Some(0) {
        sh(&format!("umount '{data_name}'"));
        return skip("what_the_disk_cannot_give", broken.stderr.trim());
    }
    let ended = sidecar.backup();
    sh(&format!("umount '{data_name}'")).succeeds();
    ended
        .exits(1)
        .stderr_contains("data/large")
        .stderr_contains("Input/output error");
    assert!(sidecar.artifact().is_none());
}
