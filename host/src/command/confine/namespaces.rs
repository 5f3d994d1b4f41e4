//! Namespaces: in a new one, a process has every capability, and reaches code of the kernel that no dump needs.

use seccompiler::{BackendError, SeccompRule};

use super::conditions::{has, if_all};

/// Those that are made by a flag. `clone` has no flag for time: its place holds the signal at the end.
const BY_CLONE: [libc::c_int; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];
const TIME: libc::c_int = 0x80;

/// The calls that make one, and which are refused. One that enters one (`setns`) always is; `clone3` does not exist.
pub(super) fn refused() -> Result<[(libc::c_long, Vec<SeccompRule>); 2], BackendError> {
    let by_unshare = BY_CLONE.into_iter().chain([TIME]);
    Ok([
        (libc::SYS_clone, with_any(BY_CLONE)?),
        (libc::SYS_unshare, with_any(by_unshare)?),
    ])
}

fn with_any(
    flags: impl IntoIterator<Item = libc::c_int>,
) -> Result<Vec<SeccompRule>, BackendError> {
    flags
        .into_iter()
        .map(|flag| if_all([has(0, flag)?]))
        .collect()
}
