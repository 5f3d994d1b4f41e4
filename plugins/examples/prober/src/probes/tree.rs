//! Interface `tree`, where nothing takes a tree.

use sidecar_sdk::tree::{add, finish, late_failures, wanted};

use crate::probe::{Probe, granted, probe, restoring, said};

pub(super) const PROBES: &[Probe] = &[
    probe("tree.wanted", "without a repository", || {
        wanted().to_string()
    }),
    probe("tree.add", "without a repository", || {
        said(add(b"file", &granted("file"), false))
    }),
    probe("tree.late-failures", "without a repository", || {
        late_failures().len().to_string()
    }),
    probe("tree.finish", "without a repository", || said(finish())),
    restoring("tree.wanted", "in a restore", || wanted().to_string()),
    restoring("tree.add", "in a restore", || {
        said(add(b"file", &granted("file"), false))
    }),
    restoring("tree.late-failures", "in a restore", || {
        late_failures().len().to_string()
    }),
    restoring("tree.finish", "in a restore", || said(finish())),
];
