//! Interfaces `artifact` and `temp-dump`: parts that are none, and what lies where the dump should.

use std::fs;

use sidecar_sdk::bindings::sidecar::strategy::artifact::{
    add_part, append_file, begin_part, end_part, position, write,
};
use sidecar_sdk::bindings::sidecar::strategy::files::open_file;
use sidecar_sdk::bindings::sidecar::strategy::temp_dump::{collect, prepare};

use crate::probe::{HUGE, Probe, granted, no_file, probe, restoring, said, trapping};

pub(super) const PROBES: &[Probe] = &[
    restoring("artifact.write", "in a restore", || said(write(b"x"))),
    restoring("artifact.position", "in a restore", || {
        position().to_string()
    }),
    restoring("artifact.append-file", "in a restore", || {
        said(open_file(&granted("file"), false).and_then(|file| append_file(&file, 1)))
    }),
    trapping("artifact.append-file", "a handle that is none", || {
        said(append_file(&no_file(), 1))
    }),
    probe("artifact.add-part", "beyond the end", || {
        said(add_part("part", 1 << 40, 1))
    }),
    probe("artifact.add-part", "around the largest number", || {
        said(add_part("part", u64::MAX, u64::MAX))
    }),
    probe("artifact.add-part", "a name of 4 MiB", || {
        said(add_part(&"x".repeat(HUGE), 0, 0))
    }),
    probe("artifact.add-part", "no name", || said(add_part("", 0, 0))),
    probe("artifact.begin-part", "a name of 4 MiB", || {
        said(begin_part(&"x".repeat(HUGE)))
    }),
    probe("artifact.begin-part", "in another part", || {
        said(begin_part("one").and_then(|()| begin_part("two")))
    }),
    probe("artifact.end-part", "without a beginning", || {
        said(end_part().and_then(|()| end_part()))
    }),
    restoring("artifact.begin-part", "in a restore", || {
        said(begin_part("part"))
    }),
    restoring("artifact.end-part", "in a restore", || said(end_part())),
    restoring("artifact.add-part", "in a restore", || {
        said(add_part("part", 0, 0))
    }),
    probe(
        "temp-dump.prepare",
        "a folder where the dump should be",
        || laid(|path| fs::create_dir(path), || said(prepare())),
    ),
    probe(
        "temp-dump.collect",
        "nothing where the dump should be",
        || said(collect()),
    ),
    probe(
        "temp-dump.collect",
        "a link where the dump should be",
        || laid(|path| link("../secret/file", path), || said(collect())),
    ),
    probe(
        "temp-dump.collect",
        "a folder where the dump should be",
        || laid(|path| fs::create_dir(path), || said(collect())),
    ),
    probe("temp-dump.collect", "an empty dump", || {
        laid(|path| fs::write(path, ""), || said(collect()))
    }),
    restoring("temp-dump.collect", "in a restore", || {
        laid(|path| fs::write(path, "x"), || said(collect()))
    }),
];

/// With something at `SIDE_CAR_TEMP_DUMP` that is removed again.
fn laid(lay: impl FnOnce(&str) -> std::io::Result<()>, call: impl FnOnce() -> String) -> String {
    let path = std::env::var("SIDE_CAR_TEMP_DUMP").unwrap_or_default();
    if let Err(error) = lay(&path) {
        return format!("cannot be laid: {error}");
    }
    let came = call();
    let _ = fs::remove_file(&path);
    let _ = fs::remove_dir(&path);
    came
}

#[allow(deprecated, reason = "the only stable function for WASI")]
fn link(target: &str, path: &str) -> std::io::Result<()> {
    fs::soft_link(target, path)
}
