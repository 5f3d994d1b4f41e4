//! The command lines that a module runs.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::error::Result;
use crate::sandbox::Reporter;

/// Records each line that runs.
#[derive(Default)]
pub(super) struct CommandRecorder(Mutex<BTreeSet<String>>);

impl CommandRecorder {
    /// The lines so far, which it then forgets.
    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Reporter for CommandRecorder {
    fn report(&self, _: u64, _: Option<u64>, _: Option<&str>) {}

    fn command_starts(&self, line: &str, _: &[(String, String)]) -> Result<()> {
        let mut lines = self.0.lock();
        lines.insert(line.to_owned());
        Ok(())
    }
}
