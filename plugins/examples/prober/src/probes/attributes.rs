//! Interface `attributes`: of what was not granted.

use sidecar_sdk::bindings::attributed::sidecar::strategy::attributes::{of_file, read};

use crate::probe::{Probe, granted, no_file, own_link, probe, said, trapping};

pub(super) const PROBES: &[Probe] = &[
    probe("attributes.read", "a file that is not granted", || {
        said(read(b"/etc/passwd", true))
    }),
    probe("attributes.read", "upwards out of a granted folder", || {
        said(read(&granted("../secret/file"), false))
    }),
    probe("attributes.read", "a link out of a granted folder", || {
        said(read(&granted("link"), true))
    }),
    probe("attributes.read", "a link of its own", || {
        said(read(&own_link("../secret/file"), true))
    }),
    probe("attributes.read", "a path with a zero byte", || {
        said(read(&granted("file\0"), false))
    }),
    trapping("attributes.of-file", "a handle that is none", || {
        said(of_file(&no_file()))
    }),
];
