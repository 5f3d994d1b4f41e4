//! How many files a module may have open: what is left to the server must do for the API and the journal.

use std::sync::Once;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a sidecar wants for itself and a module together, if the system allows it.
const WANTED: u64 = 4096;
/// Of them, for clients of the API, stores, the journal and the stages of a run.
const OWN: u64 = 768;
/// What a module has at least, and at most.
const FEWEST: u64 = 256;
const MOST: u64 = 4096;

/// Raises what the system allows this process, once, as far as it may.
pub(super) fn raise() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let limit = getrlimit(Resource::Nofile);
        let reachable = limit.maximum.unwrap_or(WANTED).min(WANTED);
        if limit.current.is_some_and(|current| current < reachable) {
            let raised = Rlimit {
                current: Some(reachable),
                ..limit
            };
            // What there is must do then.
            let _ = setrlimit(Resource::Nofile, raised);
        }
    });
}

/// Files, directories, sockets and streams that one call of a module may hold.
pub(super) fn of_a_module() -> usize {
    of(getrlimit(Resource::Nofile).current) as usize
}

fn of(allowed: Option<u64>) -> u64 {
    let left = allowed.unwrap_or(u64::MAX).saturating_sub(OWN);
    left.clamp(FEWEST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_keeps_what_it_needs() {
        for (allowed, left) in [
            (Some(1024), 256),
            (Some(4096), 3328),
            (Some(1 << 20), 4096),
            (None, 4096),
        ] {
            assert_eq!(of(allowed), left);
        }
    }
}
