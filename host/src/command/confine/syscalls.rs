//! The system calls that a command cannot make: what Landlock does not judge.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpOp, SeccompFilter, SeccompRule, TargetArch,
    apply_filter,
};

use super::conditions::{compared, if_all};
use super::rules::Rules;
use super::unread::UNREAD;
use super::{namespaces, sockets};
use SeccompCmpOp::{Eq, Ne};

/// Reading other processes, keys of the kernel and its log, and ways around a filter. Events of files tell the names
/// in folders that a command may not list; a file's handle is opened without the folders above it.
const REFUSED: [libc::c_long; 18] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_setns,
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    libc::SYS_syslog,
    libc::SYS_inotify_add_watch,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_open_by_handle_at,
];

/// Shared memory and queues that outlive the command, and that other users could read.
const LEFT_BEHIND: [libc::c_long; 5] = [
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
];

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

/// Sets the filter for this thread and what it starts.
pub(super) fn apply(rules: &Rules) -> io::Result<()> {
    let program = filter(rules).map_err(io::Error::other)?;
    let program = [&UNREAD[..], &program].concat();
    apply_filter(&program).map_err(io::Error::other)
}

fn filter(rules: &Rules) -> Result<BpfProgram, BackendError> {
    let always = REFUSED.into_iter().chain(LEFT_BEHIND);
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        always.map(|call| (call, Vec::new())).collect();
    for (call, argument) in OF_ONE_PROCESS {
        refused.insert(call, vec![if_all([compared(argument, Ne, 0)?])?]);
    }
    for (call, user) in OF_A_USER {
        let rules = refused.entry(call).or_default();
        rules.push(if_all([compared(0, Eq, user)?])?);
    }
    // What hides from this process cannot be asked for the files that it holds.
    let hides = [compared(0, Eq, libc::PR_SET_DUMPABLE)?, compared(1, Eq, 0)?];
    refused.insert(libc::SYS_prctl, vec![if_all(hides)?]);
    refused.extend(namespaces::refused()?);
    refused.extend(sockets::refused(rules)?);
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(
        refused,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        architecture,
    )?
    .try_into()
}
