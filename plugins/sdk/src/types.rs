//! The records of the interface that the SDK exposes as they are generated.

pub use crate::bindings::exports::sidecar::strategy::strategy::Plan;
pub use crate::bindings::program_runner::sidecar::strategy::programs::Program;
pub use crate::bindings::sidecar::strategy::commands::{Captured, Command, Finished};
pub use crate::bindings::sidecar::strategy::files::Entry;
pub use crate::bindings::sidecar::strategy::omissions::Omission;
pub use crate::bindings::sidecar::strategy::types::Failure;

/// The result of everything that a strategy does.
pub type Result<T, E = Failure> = std::result::Result<T, E>;
