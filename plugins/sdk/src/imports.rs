//! The imported interfaces: those of the host, or in a unit test those of the mock host.

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::attributed::sidecar::strategy::attributes;
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::imports::attributes;

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::observant::sidecar::strategy::changes;
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::imports::changes;

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::program_runner::sidecar::strategy::programs;
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::imports::programs;

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::restorer::sidecar::strategy::choices;
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::imports::choices;

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::sidecar::strategy::{
    artifact, commands, deflate, files, omissions, progress, temp_dump,
};
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::imports::{
    artifact, commands, deflate, files, omissions, progress, temp_dump,
};

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::tree_maker::sidecar::strategy::tree;
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::imports::tree;
