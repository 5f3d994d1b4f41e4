//! Landlock: which files, ports and processes a command reaches.

use std::io;
use std::os::fd::AsFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
    Scope, make_bitflags,
};
use rustix::fs::{FileType, fstat};

use super::rules::Rules;
use super::system::{DEVICES, NAME_SERVICE, PROGRAMS, SETTINGS};

/// What is asked of the kernel; an older one does less. A later one may judge more (sockets that are files, UDP):
/// only what was tried is asked for.
const KNOWN: ABI = ABI::V6;

const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
const EXECUTE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{Execute | ReadFile | ReadDir});
const DEVICE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | WriteFile | IoctlDev});
const EXCHANGE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeFifo | RemoveFile
});
/// All but devices and programs.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | RemoveDir | RemoveFile | MakeDir | MakeReg | MakeSock | MakeFifo
        | MakeSym | Refer
});

/// Confines this thread, and what it starts, for good. Returns what the kernel can do of it.
pub(super) fn enter(rules: &Rules) -> io::Result<LandlockStatus> {
    restrict(rules)
        .map(|status| status.landlock)
        .map_err(io::Error::other)
}

fn restrict(rules: &Rules) -> Result<RestrictionStatus, RulesetError> {
    let mut domain = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?;
    for (paths, access) in [
        (&PROGRAMS[..], EXECUTE),
        (&SETTINGS[..], READ),
        (&DEVICES[..], DEVICE),
    ] {
        // One that is absent is not needed.
        for open in paths.iter().filter_map(|path| PathFd::new(path).ok()) {
            domain = allow(domain, &open, access)?;
        }
    }
    for program in rules
        .programs
        .iter()
        .filter_map(|path| PathFd::new(path).ok())
    {
        domain = allow(domain, &program, EXECUTE)?;
    }
    for (open, access) in [
        (&rules.read, READ),
        (&rules.write, WRITE),
        (&rules.exchange, EXCHANGE),
    ] {
        for open in open {
            domain = allow(domain, open, access)?;
        }
    }
    if !rules.ports.is_empty() {
        for port in rules.ports.iter().chain([&NAME_SERVICE]) {
            domain = domain.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
        }
    }
    domain.restrict_self()
}

/// A file has fewer rights than a folder.
fn allow(
    domain: RulesetCreated,
    open: &impl AsFd,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let is_directory = fstat(open)
        .is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::Directory);
    let access = match is_directory {
        true => access,
        false => access & AccessFs::from_file(KNOWN),
    };
    domain.add_rule(PathBeneath::new(open, access))
}
