//! Interface `files`: paths that were not granted, and handles that are none.

use sidecar_sdk::bindings::sidecar::strategy::files::{
    Directory, inspect, open_directory, open_file,
};

use crate::probe::{HUGE, NO_HANDLE, Probe, granted, no_file, own_link, probe, said, trapping};

pub(super) const PROBES: &[Probe] = &[
    probe("files.inspect", "a file that is not granted", || {
        said(inspect(b"/etc/passwd", true))
    }),
    probe("files.inspect", "upwards out of a granted folder", || {
        said(inspect(&granted("../secret/file"), false))
    }),
    probe("files.inspect", "a link out of a granted folder", || {
        said(inspect(&granted("link"), true))
    }),
    probe("files.inspect", "no path", || said(inspect(b"", false))),
    probe("files.inspect", "a relative path", || {
        said(inspect(b"file", false))
    }),
    probe("files.inspect", "a path with a zero byte", || {
        said(inspect(&granted("file\0"), false))
    }),
    probe("files.inspect", "a path of 4 MiB", || {
        said(inspect(&granted(&"x/".repeat(HUGE / 2)), false))
    }),
    probe("files.inspect", "itself by /proc", || {
        said(inspect(b"/proc/self/environ", true))
    }),
    probe(
        "files.open-directory",
        "a folder that is not granted",
        || said(open_directory(b"/etc", false)),
    ),
    probe(
        "files.open-directory",
        "the folder above a granted one",
        || said(open_directory(&granted(".."), false)),
    ),
    probe("files.open-directory", "a file", || {
        said(open_directory(&granted("file"), false))
    }),
    probe("files.open-directory", "a link of its own", || {
        said(open_directory(&own_link("../secret"), true))
    }),
    probe("files.open-directory", "a path with a zero byte", || {
        said(open_directory(&granted("\0"), false))
    }),
    probe("files.open-file", "a file that is not granted", || {
        said(open_file(b"/etc/passwd", false))
    }),
    probe("files.open-file", "upwards out of a granted folder", || {
        said(open_file(&granted("../secret/file"), false))
    }),
    probe("files.open-file", "a link out of a granted folder", || {
        said(open_file(&granted("link"), true))
    }),
    probe("files.open-file", "a link that is not followed", || {
        said(open_file(&granted("link"), false))
    }),
    probe("files.open-file", "a link of its own", || {
        said(open_file(&own_link("../secret/file"), true))
    }),
    probe("files.open-file", "a path with a zero byte", || {
        said(open_file(&granted("file\0"), false))
    }),
    probe(
        "files.directory.next",
        "more entries than there are numbers for",
        || {
            let listed = open_directory(&granted(""), false).and_then(|open| open.next(u32::MAX));
            listed.map_or_else(
                |failure| failure.code,
                |entries| format!("{} entries", entries.len()),
            )
        },
    ),
    probe("files.directory.next", "after its end", || {
        let open = open_directory(&granted(""), false);
        let listed = open.and_then(|open| open.next(100).and_then(|_| open.next(100)));
        listed.map_or_else(
            |failure| failure.code,
            |entries| format!("{} entries", entries.len()),
        )
    }),
    trapping("files.directory.next", "a handle that is none", || {
        said(unsafe { Directory::from_handle(NO_HANDLE) }.next(1))
    }),
    trapping("files.file.inspect", "a handle that is none", || {
        no_file().inspect().kind
    }),
    probe("files.file.read", "beyond the largest offset", || {
        read("file", u64::MAX, 1)
    }),
    probe("files.file.read", "after its end", || {
        read("file", 1 << 40, 10)
    }),
    probe("files.file.read", "more than there are numbers for", || {
        read("file", 0, u32::MAX)
    }),
    probe("files.file.read", "a folder", || read("", 0, 10)),
    probe("files.file.read", "a pipe without a writer", || {
        read("fifo", 0, 10)
    }),
    trapping("files.file.read", "a handle that is none", || {
        said(no_file().read(0, 1))
    }),
];

fn read(name: &str, offset: u64, length: u32) -> String {
    let read = open_file(&granted(name), false).and_then(|file| file.read(offset, length));
    read.map_or_else(
        |failure| failure.code,
        |bytes| format!("{} bytes", bytes.len()),
    )
}
