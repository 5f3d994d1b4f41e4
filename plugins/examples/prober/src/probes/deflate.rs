//! Interfaces `deflate` and `changes`: levels that are none, handles that are none, files that were not listed.

use sidecar_sdk::bindings::observant::sidecar::strategy::changes::{
    append_unchanged, since_opened,
};
use sidecar_sdk::bindings::sidecar::strategy::deflate::{
    Deflated, append_deflated, append_file_deflated, prepare,
};
use sidecar_sdk::bindings::sidecar::strategy::files::open_file;

use crate::probe::{NO_HANDLE, Probe, granted, no_file, probe, restoring, said, trapping};

pub(super) const PROBES: &[Probe] = &[
    probe(
        "deflate.prepare",
        "a level that is none, of more than there is",
        || {
            let open = open_file(&granted("file"), false);
            said(open.and_then(|file| prepare(&file, u64::MAX, u32::MAX)))
        },
    ),
    trapping("deflate.prepare", "a handle that is none", || {
        said(prepare(&no_file(), 1, 6))
    }),
    probe(
        "deflate.deflated.facts",
        "of a file that is shorter than it was",
        || {
            let open = open_file(&granted("file"), false);
            let facts = open
                .and_then(|file| prepare(&file, 1000, u32::MAX))
                .and_then(|prepared| {
                    prepared.map_or(Ok(None), |prepared| prepared.facts().map(Some))
                });
            match facts {
                Ok(Some(facts)) if facts.short => "short".to_owned(),
                facts => said(facts),
            }
        },
    ),
    trapping("deflate.deflated.facts", "a handle that is none", || {
        said(unsafe { Deflated::from_handle(NO_HANDLE) }.facts())
    }),
    trapping("deflate.append-deflated", "a handle that is none", || {
        said(append_deflated(unsafe { Deflated::from_handle(NO_HANDLE) }))
    }),
    restoring("deflate.append-deflated", "in a restore", || {
        let open = open_file(&granted("file"), false);
        let prepared = open.and_then(|file| prepare(&file, 1, 6));
        said(prepared.and_then(|prepared| prepared.map_or(Ok(()), append_deflated)))
    }),
    restoring("deflate.append-file-deflated", "in a restore", || {
        let open = open_file(&granted("file"), false);
        said(open.and_then(|file| append_file_deflated(&file, 1, 6)))
    }),
    trapping(
        "deflate.append-file-deflated",
        "a handle that is none",
        || said(append_file_deflated(&no_file(), 1, 6)),
    ),
    trapping("changes.since-opened", "a handle that is none", || {
        since_opened(&no_file()).unwrap_or_default()
    }),
    probe(
        "changes.append-unchanged",
        "a file that is not granted",
        || appended(b"/etc/passwd"),
    ),
    probe(
        "changes.append-unchanged",
        "a file that was not listed",
        || appended(&granted("file")),
    ),
    restoring("changes.append-unchanged", "in a restore", || {
        appended(&granted("file"))
    }),
];

fn appended(path: &[u8]) -> String {
    append_unchanged(path, b"header").map_or_else(|failure| failure.code, |done| done.to_string())
}
