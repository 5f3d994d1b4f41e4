//! Calls that are judged by their number alone, before all rules: their arguments lie in memory that no filter reads.

use seccompiler::sock_filter;

/// The number of `clone3`, the same on every architecture.
const CLONE3: u32 = 435;

/// Loads the number of the call.
const NUMBER: sock_filter = instruction(0x20, 0, 0);

/// Put in front of the rules.
///
/// x86-64 has every call a second time (x32), from 2^30 on, which the rules do not name: EPERM. `clone3` could make
/// a user namespace, with all capabilities in it: ENOSYS, upon which libc takes `clone`, whose flags are an argument.
pub(super) const UNREAD: [sock_filter; 5] = [
    NUMBER,
    instruction(0x35, 1, 1 << 30),
    answer(libc::EPERM),
    instruction(0x15, 1, CLONE3),
    answer(libc::ENOSYS),
];

/// If the comparison holds: the next one, else `jf` further.
const fn instruction(code: u16, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf, k }
}

const fn answer(error: libc::c_int) -> sock_filter {
    instruction(0x06, 0, 0x0005_0000 | error.unsigned_abs())
}
