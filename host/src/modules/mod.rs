//! Everything about a module that is not running it: where it comes from, whether it is the one that
//! the operator accepted, what it declares, whether it conforms, and how a new one begins.
//!
//! ```text
//! file ────────────────────────────┐
//! registry ─► cache, by digest ─┴─► pinned digest ─► signature ─► (sandbox) ─► lock
//! ```

mod allow_block;
mod cache_folder;
mod component_file;
mod conformance;
mod error_text;
mod example_asks;
mod lockfile;
mod probe;
mod registry;
mod scaffold;
mod scratch_folder;
mod signature;
mod source;
mod write_file;

pub use allow_block::{allow_block, allow_options};
pub use cache_folder::cache_folder;
pub use conformance::{CheckStatus, Conformance, Finding, Permission, TestSettings};
pub use lockfile::{
    LockChange, LockReport, ModuleNeeds, compare_with_lock, lock_file, require_accepted,
    require_restore_accepted,
};
pub use probe::{Inspection, ModuleProbe, builtin_schema, inspect_all};
pub use registry::{Pulled, Pushed, pull, push};
pub use scaffold::{Language, project as new_module};
pub use scratch_folder::ScratchFolder;
pub use source::source;
