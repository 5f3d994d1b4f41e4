//! The file or FIFO at `SIDE_CAR_TEMP_DUMP`, where commands may leave the artifact.

use crate::imports::temp_dump;
use crate::types::Result;

/// Call it before the commands, or the host refuses a file that lay there before the run: removes what a crashed run left, or starts to read the FIFO there.
/// [`Artifact::append_temp_dump`](crate::Artifact::append_temp_dump) appends what the commands leave.
pub fn prepare() -> Result<()> {
    temp_dump::prepare()
}
