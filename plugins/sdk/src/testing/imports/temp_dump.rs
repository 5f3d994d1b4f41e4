//! What the commands leave at `SIDE_CAR_TEMP_DUMP`.

use crate::testing::mock_host::with;
use crate::types::{Failure, Result};

pub(crate) fn prepare() -> Result<()> {
    with(|host| host.left_over = false);
    Ok(())
}

pub(crate) fn collect() -> Result<u64> {
    with(|host| {
        if host.left_over {
            let message = "the file at SIDE_CAR_TEMP_DUMP lay there before the run";
            return host.record(Err(Failure::new("temp-dump-not-prepared", message)));
        }
        let content = host.temp_dump.take().filter(|content| !content.is_empty());
        let nothing = || {
            Failure::new(
                "nothing-generated",
                "nothing was left at SIDE_CAR_TEMP_DUMP",
            )
        };
        let content = host.record(content.ok_or_else(nothing))?;
        host.artifact.extend_from_slice(&content);
        Ok(content.len() as u64)
    })
}
