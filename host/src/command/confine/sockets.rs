//! Sockets that a command cannot have: Landlock judges the ports of TCP alone.

use seccompiler::{BackendError, SeccompCmpOp, SeccompCondition, SeccompRule};

use super::conditions::{compared, has, if_all, masked};
use super::rules::Rules;
use SeccompCmpOp::{Eq, Ne};

/// Calls that connect a socket by what they send, which passes Landlock's rules for ports, and where their flags are.
const SENDING: [(libc::c_long, u8); 3] = [
    (libc::SYS_sendto, 3),
    (libc::SYS_sendmsg, 2),
    (libc::SYS_sendmmsg, 3),
];

/// Protocols of the internet that Landlock judges, or that names are looked up with. Multipath TCP, for one,
/// passes its rules for ports.
const PROTOCOLS: [libc::c_int; 3] = [0, libc::IPPROTO_TCP, libc::IPPROTO_UDP];

/// Where the type of a socket stands beside its flags.
const TYPE: libc::c_int = 0xf;
/// Those of a pair that send to any socket that is a file, whatever they are paired with.
const UNPAIRED: [libc::c_int; 2] = [libc::SOCK_DGRAM, libc::SOCK_RAW];

/// The calls, and which of them are refused; no rule: every one.
pub(super) fn refused(
    rules: &Rules,
) -> Result<Vec<(libc::c_long, Vec<SeccompRule>)>, BackendError> {
    let mut refused = vec![
        (libc::SYS_socket, made(rules)?),
        // A socket that is not bound listens at a port that the system chooses: no rule judges it.
        (libc::SYS_listen, Vec::new()),
    ];
    for (call, argument) in SENDING {
        refused.push((call, vec![if_all([has(argument, libc::MSG_FASTOPEN)?])?]));
    }
    let of_tcp = compared(1, Eq, libc::IPPROTO_TCP)?;
    let fast_open = compared(2, Eq, libc::TCP_FASTOPEN_CONNECT)?;
    refused.push((libc::SYS_setsockopt, vec![if_all([of_tcp, fast_open])?]));
    if !rules.sockets {
        let unpaired: Result<_, _> = UNPAIRED
            .into_iter()
            .map(|kind| if_all([masked(1, TYPE, kind)?]))
            .collect();
        refused.push((libc::SYS_socketpair, unpaired?));
    }
    Ok(refused)
}

/// Refused: each family that is not needed, and protocols that pass Landlock.
fn made(rules: &Rules) -> Result<Vec<SeccompRule>, BackendError> {
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
        // Which addresses the machine has is asked when a name is looked up; the others tell of firewalls and sockets.
        let netlink = compared(0, Eq, libc::AF_NETLINK)?;
        refused.push(if_all([netlink, is_not(2, libc::NETLINK_ROUTE)?])?);
    }
    let conditions: Result<Vec<SeccompCondition>, _> = families
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
