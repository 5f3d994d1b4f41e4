//! The border: calls go to the host, or, in a unit test, to the one that is played.

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::sidecar::strategy::{
    artifact, commands, deflate, files, progress, temp_dump,
};
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::border::{artifact, commands, deflate, files, progress, temp_dump};
