//! The rights of root that a command keeps.

use std::io;

use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

/// What a dump of other users' files and a restore of them need. Not among them: what reads another process,
/// mounts, makes devices, opens raw sockets, loads code into the kernel, or takes
/// processors and memory from all others.
const RETAINED: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID);

/// Takes all others from this thread. Without new privileges, no program that it starts gets them back.
pub(super) fn drop_others() -> io::Result<()> {
    let mut sets = capabilities(None)?;
    sets.effective &= RETAINED;
    sets.permitted &= RETAINED;
    sets.inheritable &= RETAINED;
    Ok(set_capabilities(None, sets)?)
}
