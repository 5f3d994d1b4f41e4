//! Log lines are collected; progress is dropped.

use crate::testing::mock_host::with;

pub(crate) fn log(level: &str, message: &str) {
    with(|host| host.log.push((level.to_owned(), message.to_owned())));
}

pub(crate) fn report(_done: u64, _total: Option<u64>, _note: Option<&str>) {}
