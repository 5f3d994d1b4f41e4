//! What a probe is, and what probes are made with.

use std::sync::OnceLock;

use sidecar_sdk::bindings::sidecar::strategy::files::File;
use sidecar_sdk::{Failure, Result};

/// A call that must not do what it asks for.
pub(crate) struct Probe {
    /// `INTERFACE.FUNCTION`, `INTERFACE.RESOURCE.FUNCTION`.
    pub(crate) function: &'static str,
    pub(crate) attack: &'static str,
    pub(crate) during: During,
    /// Whether it ends the run.
    pub(crate) traps: bool,
    pub(crate) call: fn() -> String,
}

/// What the module is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum During {
    Backup,
    Restore,
}

/// During a backup.
pub(crate) const fn probe(
    function: &'static str,
    attack: &'static str,
    call: fn() -> String,
) -> Probe {
    Probe {
        function,
        attack,
        during: During::Backup,
        traps: false,
        call,
    }
}

/// During a restore.
pub(crate) const fn restoring(
    function: &'static str,
    attack: &'static str,
    call: fn() -> String,
) -> Probe {
    Probe {
        during: During::Restore,
        ..probe(function, attack, call)
    }
}

/// With a handle that was never given out: ends the run.
pub(crate) const fn trapping(
    function: &'static str,
    attack: &'static str,
    call: fn() -> String,
) -> Probe {
    Probe {
        traps: true,
        ..probe(function, attack, call)
    }
}

/// A handle that was never given out, or was given back.
pub(crate) const NO_HANDLE: u32 = 4711;
/// Longer than what any name may be.
pub(crate) const HUGE: usize = 4 << 20;

/// The first granted directory.
static GRANTED: OnceLock<String> = OnceLock::new();

/// Says which it is.
pub(crate) fn set_granted(folder: String) {
    GRANTED.get_or_init(|| folder);
}

/// What a call answered.
pub(crate) fn said<T>(answer: Result<T>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(Failure { code, .. }) => code,
    }
}

/// One that was never opened.
pub(crate) fn no_file() -> File {
    unsafe { File::from_handle(NO_HANDLE) }
}

/// In the first granted directory.
pub(crate) fn granted(name: &str) -> Vec<u8> {
    let folder = GRANTED.get().map_or("", String::as_str);
    format!("{folder}/{name}").into_bytes()
}

/// In the work directory.
pub(crate) fn own(name: &str) -> String {
    let folder = std::env::var("SIDE_CAR_WORKDIR").unwrap_or_default();
    format!("{folder}/{name}")
}

/// A link in the work directory. It leads to what was not granted, as seen from there.
pub(crate) fn own_link(target: &str) -> Vec<u8> {
    let link = own("a-link");
    // There may be one of another probe.
    let _ = std::fs::remove_file(&link);
    #[allow(deprecated, reason = "the only stable function for WASI")]
    let made = std::fs::soft_link(target, &link);
    assert!(made.is_ok(), "{made:?}");
    link.into_bytes()
}
