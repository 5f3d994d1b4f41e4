//! Where modules run: WebAssembly components that get what was granted, and nothing else.
//!
//! One run is one store on one thread. The thread blocks in the host's own calls, which watch the
//! cancel signal; what waits inside WASI is a future that cancelling drops, or a system
//! call that it interrupts; and an endless loop is broken by the epoch.

mod backup;
mod bindings;
mod bounds;
mod builtin;
mod cache;
mod call;
mod choices;
mod command_folder;
pub mod compiler;
mod component_file;
mod component_info;
mod confinement;
mod container_memory;
mod engine;
mod failure;
mod found_targets;
mod granted_names;
mod handles;
mod helper_variables;
mod imports;
mod interrupt;
mod job;
mod left_out_files;
mod limit;
mod module;
mod module_request;
mod name_lookup;
mod output;
mod preflight;
mod refusals;
mod restore;
mod restore_preflight;
mod restored_part;
mod state;
mod targets;
mod ticker;
mod wasi;

pub use backup::{ModuleAnswer, ModuleRun, RunEnd};
pub use choices::{Choices, DEFAULT_WAIT, Purpose};
pub use command_folder::CommandFolder;
pub use component_file::read_component;
pub use component_info::{ComponentInfo, InterfaceVersion};
pub use confinement::{holds_sockets, not_confined};
pub use container_memory::{container_memory, left_for_modules};
pub use engine::Engine;
pub use found_targets::{FoundTarget, FoundTargets};
pub use helper_variables::helper_variables;
pub use job::{Reporter, SandboxJob};
pub use module::{Description, Module, Source};
pub use preflight::{Findings, PREFLIGHT_TIMEOUT};
pub use restore::{RestoreJob, RestoreRequest, Restored, Selection};
pub use restored_part::RestoredPart;
