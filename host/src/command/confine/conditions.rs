//! What is asked of the arguments of a system call.

use seccompiler::{BackendError, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

pub(super) fn if_all<const N: usize>(
    conditions: [SeccompCondition; N],
) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into())
}

/// The lower half of an argument, which is all of a number or of flags.
pub(super) fn compared(
    argument: u8,
    how: SeccompCmpOp,
    value: libc::c_int,
) -> Result<SeccompCondition, BackendError> {
    let value = u64::from(value.unsigned_abs());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, how, value)
}

/// Whether an argument has a flag, among others.
pub(super) fn has(argument: u8, flag: libc::c_int) -> Result<SeccompCondition, BackendError> {
    masked(argument, flag, flag)
}

/// Whether the bits of an argument that `mask` has are those of `value`.
pub(super) fn masked(
    argument: u8,
    mask: libc::c_int,
    value: libc::c_int,
) -> Result<SeccompCondition, BackendError> {
    let mask = u64::from(mask.unsigned_abs());
    compared(argument, SeccompCmpOp::MaskedEq(mask), value)
}
