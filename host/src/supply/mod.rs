//! Modules from elsewhere: brought here, and known to be the ones that were meant.
//!
//! ```text
//! file ──────────────────────┐
//! registry ─► shelf, by digest ─┴─► pinned digest ─► signature ─► (sandbox)
//! ```

mod component;
mod credentials;
mod layout;
mod lock;
mod registry;
mod shelf;
mod signature;
mod trouble;

pub use component::Component;
pub use layout::About;
pub use lock::{Access, Entry, Lock, without_version};
pub use registry::{Pushed, Remote};
pub use shelf::Shelf;
