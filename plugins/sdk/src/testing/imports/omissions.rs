//! Omissions are collected.

use crate::testing::mock_host::with;
use crate::types::Omission;

pub(crate) fn report(omission: &Omission) {
    with(|host| host.omissions.push(omission.clone()));
}
