//! The system calls that a command cannot make: what Landlock does not judge.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter, sock_filter,
};

use super::rules::Rules;
use SeccompCmpOp::{Eq, Ne};

/// Reading other processes, keys of the kernel, and ways around a filter.
const REFUSED: [libc::c_long; 11] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_io_uring_setup,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
];

/// Shared memory and queues that outlive the command, and that other users could read.
const LEFT_BEHIND: [libc::c_long; 3] = [libc::SYS_shmget, libc::SYS_semget, libc::SYS_msgget];

/// Calls that change a process, and which of their arguments names it: 0 is the caller itself.
const OF_ONE_PROCESS: [(libc::c_long, u8); 8] = [
    (libc::SYS_prlimit64, 0),
    (libc::SYS_setpriority, 1),
    (libc::SYS_ioprio_set, 1),
    (libc::SYS_sched_setaffinity, 0),
    (libc::SYS_sched_setattr, 0),
    (libc::SYS_sched_setparam, 0),
    (libc::SYS_sched_setscheduler, 0),
    (libc::SYS_migrate_pages, 0),
];

/// Those among them that change every process of a user, and the first argument that says so.
const OF_A_USER: [(libc::c_long, libc::c_int); 2] = [
    (libc::SYS_setpriority, libc::PRIO_USER.cast_signed()),
    (libc::SYS_ioprio_set, 3),
];

/// Calls that connect a socket by what they send, which passes Landlock's rules for ports, and where their flags are.
const SENDING: [(libc::c_long, u8); 3] = [
    (libc::SYS_sendto, 3),
    (libc::SYS_sendmsg, 2),
    (libc::SYS_sendmmsg, 3),
];

/// Protocols of the internet that Landlock judges, or that names are looked up with. Multipath TCP, for one,
/// passes its rules for ports.
const PROTOCOLS: [libc::c_int; 3] = [0, libc::IPPROTO_TCP, libc::IPPROTO_UDP];

/// Refuses, before all other instructions, numbers from 2^30 on: x86-64 has every call a second time there (x32), which
/// the rules do not name. Load the number; at least that: the next one, else the one after; answer with EPERM.
const OTHER_NUMBERS: [sock_filter; 3] = [
    instruction(0x20, 0, 0),
    instruction(0x35, 1, 1 << 30),
    instruction(0x06, 0, 0x0005_0000 | libc::EPERM.unsigned_abs()),
];

const fn instruction(code: u16, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf, k }
}

/// Sets the filter for this thread and what it starts.
pub(super) fn apply(rules: &Rules) -> io::Result<()> {
    let program = filter(rules).map_err(io::Error::other)?;
    let program = [&OTHER_NUMBERS[..], &program].concat();
    apply_filter(&program).map_err(io::Error::other)
}

fn filter(rules: &Rules) -> Result<BpfProgram, seccompiler::BackendError> {
    let always = REFUSED.into_iter().chain(LEFT_BEHIND);
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        always.map(|call| (call, Vec::new())).collect();
    refused.insert(libc::SYS_socket, sockets(rules)?);
    for (call, argument) in OF_ONE_PROCESS {
        refused.insert(call, vec![if_all([compared(argument, Ne, 0)?])?]);
    }
    for (call, user) in OF_A_USER {
        let rules = refused.entry(call).or_default();
        rules.push(if_all([compared(0, Eq, user)?])?);
    }
    for (call, argument) in SENDING {
        refused.insert(call, vec![if_all([has(argument, libc::MSG_FASTOPEN)?])?]);
    }
    let of_tcp = compared(1, Eq, libc::IPPROTO_TCP)?;
    let fast_open = compared(2, Eq, libc::TCP_FASTOPEN_CONNECT)?;
    refused.insert(libc::SYS_setsockopt, vec![if_all([of_tcp, fast_open])?]);
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(
        refused,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        architecture,
    )?
    .try_into()
}

fn if_all<const N: usize>(
    conditions: [SeccompCondition; N],
) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions.into())
}

/// The lower half of an argument, which is all of a number or of flags.
fn compared(
    argument: u8,
    how: SeccompCmpOp,
    value: libc::c_int,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    let value = u64::from(value.unsigned_abs());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, how, value)
}

/// Whether an argument has a flag, among others.
fn has(argument: u8, flag: libc::c_int) -> Result<SeccompCondition, seccompiler::BackendError> {
    compared(
        argument,
        SeccompCmpOp::MaskedEq(u64::from(flag.unsigned_abs())),
        flag,
    )
}

/// Refused: each family that is not needed, and protocols of the internet that pass Landlock.
fn sockets(rules: &Rules) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let is_not = |argument, value| compared(argument, Ne, value);
    let mut families = Vec::new();
    if rules.sockets {
        families.push(libc::AF_UNIX);
    }
    let mut refused = Vec::new();
    if !rules.ports.is_empty() {
        families.extend([libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK]);
        let protocol = PROTOCOLS.map(|protocol| is_not(2, protocol));
        let others = [libc::AF_UNIX, libc::AF_NETLINK].map(|family| is_not(0, family));
        let conditions: Result<Vec<_>, _> = protocol.into_iter().chain(others).collect();
        refused.push(SeccompRule::new(conditions?)?);
    }
    let conditions: Result<Vec<_>, _> = families
        .into_iter()
        .map(|family| is_not(0, family))
        .collect();
    match conditions? {
        // No rule at all refuses every call.
        none if none.is_empty() => Ok(Vec::new()),
        conditions => {
            refused.push(SeccompRule::new(conditions)?);
            Ok(refused)
        }
    }
}
