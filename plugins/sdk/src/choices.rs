//! What the operator decided about this restore beyond its request. It answers in `plan_restore` and in
//! `restore`.

use std::time::Duration;

use crate::imports::choices;

/// Ten lowercase letters and digits that only this restore has, for what it makes beside what is there:
/// "sidecar_new_" and this id.
pub fn id() -> String {
    choices::id()
}

/// Whether the backup is only tried, and what comes back is thrown away.
pub fn is_drill() -> bool {
    choices::purpose() == "drill"
}

/// Whether the operator accepted a consequence that `replace` does not cover: "end-sessions". A refusal
/// names the word in its hint, as `--accept WORD`.
pub fn accepted(word: &str) -> bool {
    choices::accepted(word)
}

/// How long the restore may wait for others to let go of what it replaces.
pub fn wait() -> Duration {
    Duration::from_secs(choices::wait().into())
}
