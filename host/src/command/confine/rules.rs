//! What a confined command may touch, beside the programs of the system.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use super::state::Confinement;

/// What a confined command may touch. Files and folders are descriptors: what they were when they were granted,
/// whatever their names lead to meanwhile.
#[derive(Debug, Default)]
pub struct Rules {
    /// To be read, folders with all that lies below.
    pub read: Vec<OwnedFd>,
    /// To be changed: folders of its own, the target of a restore.
    pub write: Vec<OwnedFd>,
    /// Where it leaves or finds a file: the folder of `SIDE_CAR_TEMP_DUMP`.
    pub exchange: Vec<OwnedFd>,
    /// Programs, and folders with programs, beside those of the system.
    pub programs: Vec<PathBuf>,
    /// Ports that it may connect to; none: no network at all.
    pub ports: Vec<u16>,
    /// Whether it may use sockets that are files: the kernel cannot tell which.
    pub sockets: bool,
    /// How far commands are confined here: one that would be confined less is not started.
    pub expected: Confinement,
}
