//! Descriptors that this process was started with: the lock of a script, a socket of a supervisor.

use std::fs;

/// Where descriptors begin that are not stdin, stdout and stderr.
const FIRST: libc::c_int = 3;

/// Keeps them from all that this process starts: a command of a module would read or write what was never granted. One
/// that is named, as `/dev/fd/3`, is opened by this process itself. Before anything else opens one.
pub fn keep_descriptors() {
    let entries = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    let open = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    for descriptor in open.filter(|descriptor| *descriptor >= FIRST) {
        // SAFETY: it reads and writes no memory, and closes nothing.
        #[allow(
            unsafe_code,
            reason = "safe functions take descriptors that are owned here"
        )]
        let _ = unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}
