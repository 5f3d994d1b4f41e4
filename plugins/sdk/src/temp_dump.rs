//! The file or FIFO at `SIDE_CAR_TEMP_DUMP`, where commands may leave the artifact.

use crate::Result;
use crate::border::temp_dump;

/// Before the commands: removes what an earlier crash left, or starts to read the FIFO there.
/// [`Artifact::append_temp_dump`](crate::Artifact::append_temp_dump) takes what they leave.
pub fn prepare() -> Result<()> {
    temp_dump::prepare()
}
