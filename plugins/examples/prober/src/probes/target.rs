//! Interfaces `target`, `attributed-target` and `unpacking`: names that lead out of the directory.

use sidecar_sdk::bindings::attributed::sidecar::strategy::attributed_target as attributed;
use sidecar_sdk::bindings::attributed::sidecar::strategy::attributes::Attribute;
use sidecar_sdk::bindings::attributed::sidecar::strategy::unpacking;
use sidecar_sdk::bindings::restorer::sidecar::strategy::target::{
    Content, Node, make_directory, make_fifo, make_file, make_hard_link, make_symlink,
};

use crate::probe::{HUGE, Probe, probe, restoring, said};

pub(super) const PROBES: &[Probe] = &[
    probe("target.make-file", "in a backup", || {
        said(make_file(&node("x"), &content()))
    }),
    restoring("target.make-file", "upwards", || {
        said(make_file(&node("../up"), &content()))
    }),
    restoring("target.make-file", "upwards in the middle", || {
        said(make_file(&node("a/../../up"), &content()))
    }),
    restoring("target.make-file", "an absolute name", || {
        said(make_file(&node("/tmp/up"), &content()))
    }),
    restoring("target.make-file", "no name", || {
        said(make_file(&node(""), &content()))
    }),
    restoring("target.make-file", "a name with a zero byte", || {
        said(make_file(&node("a\0b"), &content()))
    }),
    restoring("target.make-file", "a name of 4 MiB", || {
        said(make_file(&node(&"x".repeat(HUGE)), &content()))
    }),
    restoring("target.make-file", "through a link of its own", || {
        let made = make_symlink(&node("way-out"), b"/tmp");
        said(made.and_then(|()| make_file(&node("way-out/up"), &content())))
    }),
    restoring("target.make-file", "bytes beyond the end", || {
        said(make_file(
            &node("beyond"),
            &Content {
                offset: 1 << 40,
                length: 1,
                size: 1,
                ..content()
            },
        ))
    }),
    restoring(
        "target.make-file",
        "bytes around the largest number",
        || {
            said(make_file(
                &node("around"),
                &Content {
                    offset: u64::MAX,
                    length: u64::MAX,
                    ..content()
                },
            ))
        },
    ),
    restoring("target.make-file", "a method that is none", || {
        said(make_file(
            &node("method"),
            &Content {
                method: "magic".to_owned(),
                ..content()
            },
        ))
    }),
    restoring("target.make-file", "another checksum", || {
        said(make_file(
            &node("checksum"),
            &Content {
                crc32: Some(1),
                ..content()
            },
        ))
    }),
    restoring("target.make-file", "a time that no clock shows", || {
        said(make_file(&timeless("timeless"), &content()))
    }),
    probe("target.make-directory", "in a backup", || {
        said(make_directory(&node("x")))
    }),
    restoring("target.make-directory", "upwards", || {
        said(make_directory(&node("../up")))
    }),
    restoring("target.make-directory", "through a link of its own", || {
        said(make_directory(&node("way-out/up")))
    }),
    probe("target.make-symlink", "in a backup", || {
        said(make_symlink(&node("x"), b"y"))
    }),
    restoring("target.make-symlink", "upwards", || {
        said(make_symlink(&node("../up"), b"x"))
    }),
    restoring("target.make-symlink", "a text with a zero byte", || {
        said(make_symlink(&node("zero"), b"a\0b"))
    }),
    restoring("target.make-symlink", "a text of 4 MiB", || {
        said(make_symlink(&node("long"), "x".repeat(HUGE).as_bytes()))
    }),
    probe("target.make-hard-link", "in a backup", || {
        said(make_hard_link(b"x", b"y"))
    }),
    restoring("target.make-hard-link", "to a file outside", || {
        said(make_hard_link(b"stolen", b"/etc/passwd"))
    }),
    restoring("target.make-hard-link", "to a file upwards", || {
        said(make_hard_link(b"stolen", b"../secret/file"))
    }),
    restoring(
        "target.make-hard-link",
        "to a file through a link of its own",
        || {
            let made = make_symlink(&node("etc"), b"/etc");
            said(made.and_then(|()| make_hard_link(b"stolen", b"etc/passwd")))
        },
    ),
    restoring("target.make-hard-link", "upwards", || {
        said(make_hard_link(b"../up", b"x"))
    }),
    probe("target.make-fifo", "in a backup", || {
        said(make_fifo(&node("x")))
    }),
    restoring("target.make-fifo", "upwards", || {
        said(make_fifo(&node("../up")))
    }),
    probe("attributed-target.make-file", "in a backup", || {
        said(attributed::make_file(&node("x"), &content(), &[]))
    }),
    restoring("attributed-target.make-file", "upwards", || {
        said(attributed::make_file(
            &node("../up"),
            &content(),
            &[trusted()],
        ))
    }),
    restoring(
        "attributed-target.make-file",
        "an attribute that is none",
        || {
            let nameless = Attribute {
                name: Vec::new(),
                value: Vec::new(),
            };
            match attributed::make_file(&node("nameless"), &content(), &[nameless]) {
                Ok(refused) => format!("{} refused", refused.len()),
                Err(failure) => failure.code,
            }
        },
    ),
    probe("attributed-target.make-directory", "in a backup", || {
        said(attributed::make_directory(&node("x"), &[]))
    }),
    restoring("attributed-target.make-directory", "upwards", || {
        said(attributed::make_directory(&node("../up"), &[trusted()]))
    }),
    probe("attributed-target.make-symlink", "in a backup", || {
        said(attributed::make_symlink(&node("x"), b"y", &[]))
    }),
    restoring("attributed-target.make-symlink", "upwards", || {
        said(attributed::make_symlink(&node("../up"), b"x", &[trusted()]))
    }),
    probe("attributed-target.make-fifo", "in a backup", || {
        said(attributed::make_fifo(&node("x"), &[]))
    }),
    restoring("attributed-target.make-fifo", "upwards", || {
        said(attributed::make_fifo(&node("../up"), &[trusted()]))
    }),
    probe(
        "unpacking.written-as-one",
        "a selection that is none",
        || unpacking::written_as_one(u32::MAX).to_string(),
    ),
    probe("unpacking.expect", "in a backup", || {
        said(unpacking::expect(1, 1))
    }),
    restoring("unpacking.expect", "more than any disk holds", || {
        said(unpacking::expect(u64::MAX, u64::MAX))
    }),
    probe("unpacking.make-parent", "in a backup", || {
        said(unpacking::make_parent(&node("x"), &[]))
    }),
    restoring("unpacking.make-parent", "upwards", || {
        said(unpacking::make_parent(&node("../up"), &[trusted()]))
    }),
];

fn node(name: &str) -> Node {
    Node {
        name: name.as_bytes().to_owned(),
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime_seconds: 0,
        mtime_nanoseconds: 0,
    }
}

/// With a time that no clock shows.
fn timeless(name: &str) -> Node {
    Node {
        mtime_seconds: i64::MAX,
        mtime_nanoseconds: u32::MAX,
        ..node(name)
    }
}

fn content() -> Content {
    Content {
        offset: 0,
        length: 1,
        size: 1,
        method: "stored".to_owned(),
        crc32: None,
    }
}

/// Only the system may set it.
fn trusted() -> Attribute {
    Attribute {
        name: b"trusted.overlay.opaque".to_vec(),
        value: b"y".to_vec(),
    }
}
