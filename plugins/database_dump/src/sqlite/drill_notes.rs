//! Whether a drill has made a file: a note beside it says which inode that was, and when it was made. A file that
//! was made anew under the name is another one. The note is written before the file gets its name (`LAND`), and looked at
//! again right before the file is overwritten.

use sidecar_sdk::{Result, choices};

use super::source::PATH;
use crate::client::Client;
use crate::scratch::not_scratch;

pub(super) const FOUND: &str = r#"f=$(readlink -f -- "$SIDE_CAR_FILE") && [ -s "$f" ] || exit 0
[ "$(cat -- "$f.sidecar_drill" 2>/dev/null)" = "made $(stat -c '%i:%.9W' -- "$f")" ] || echo other"#;

/// Anything but empty: the file is noted as one that a drill has made.
pub(super) const DRILL: &str = "SIDE_CAR_DRILL";

/// Whether there is a file that no drill has made.
pub(super) fn is_of_others(client: &Client, path: &str) -> Result<bool> {
    let found = client.capture(&client.command(FOUND).env(PATH, path))?;
    Ok(found == "other")
}

/// Fails if this is a drill, and the file is none that a drill has made.
pub(super) fn require(client: &Client, path: &str) -> Result<()> {
    match choices::is_drill() && is_of_others(client, path)? {
        true => Err(not_scratch(client.server(), &[path.to_owned()])),
        false => Ok(()),
    }
}
