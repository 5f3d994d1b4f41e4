//! Which file a path leads to: links, mounts and other spellings lead to one.

use sidecar_sdk::Result;

use super::source::PATH;
use crate::client::Client;
use crate::identity::Identity;

/// Prints the device and the inode of the file, as it is when it is opened. One that is not there is none.
pub(super) const FILE_ID: &str = r#"[ ! -e "$SIDE_CAR_FILE" ] || { exec 3<"$SIDE_CAR_FILE" && stat -L -c '%d:%i' /proc/self/fd/3; }"#;

/// Looks at the file.
pub(super) fn read(client: &Client, path: &str) -> Result<Identity> {
    let found = client.capture(&client.command(FILE_ID).env(PATH, path))?;
    Ok(Identity {
        instance: Some(found).filter(|found| !found.is_empty()),
        ..Identity::default()
    })
}
