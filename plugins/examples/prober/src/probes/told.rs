//! Interfaces `progress` and `omissions`: words that steer a terminal, and too many of them.

use sidecar_sdk::Omission;
use sidecar_sdk::bindings::sidecar::strategy::omissions;
use sidecar_sdk::bindings::sidecar::strategy::progress::{is_cancelled, log, report};

use crate::probe::{HUGE, Probe, probe};

/// Clears a screen, forges a line of the log, and turns text around.
const STEERING: &str = "\u{1b}[2J\r\n2026-01-01 INFO forged\u{202e}";

pub(super) const PROBES: &[Probe] = &[
    probe("progress.log", "words that steer a terminal", || {
        log(STEERING, STEERING);
        "done".to_owned()
    }),
    probe("progress.log", "a line of 4 MiB", || {
        log("info", &"x".repeat(HUGE));
        "done".to_owned()
    }),
    probe("progress.report", "more than all", || {
        report(u64::MAX, Some(0), Some(STEERING));
        "done".to_owned()
    }),
    probe("progress.report", "a note of 4 MiB", || {
        report(0, None, Some(&"x".repeat(HUGE)));
        "done".to_owned()
    }),
    probe("progress.is-cancelled", "of a run that is not", || {
        is_cancelled().to_string()
    }),
    probe("omissions.report", "words that steer a terminal", || {
        omissions::report(&Omission {
            what: STEERING.to_owned(),
            code: STEERING.to_owned(),
            message: STEERING.to_owned(),
        });
        "done".to_owned()
    }),
    probe("omissions.report", "4 MiB each", || {
        let huge = || "x".repeat(HUGE);
        omissions::report(&Omission {
            what: huge(),
            code: huge(),
            message: huge(),
        });
        "done".to_owned()
    }),
];
