//! The bytes of a run, on their way from the strategy to a published artifact.
//!
//! ```text
//! strategy ──► compress ──► encrypt ──► hash ──► spool ──► publish
//! Writer       codec/       encrypt     stage    spool     rename, sync
//! ```
//!
//! Every arrow is a bounded channel of reused buffers between threads: the slowest stage sets the
//! pace, and memory stays constant. An artifact is a transaction: without [`Writer::finish`] nothing
//! of it is left.

pub mod codec;
mod digest;
mod encrypt;
mod growth;
pub mod manifest;
mod pipeline;
mod pool;
mod spool;
mod stage;
mod transform;

pub use digest::Digest;
pub use growth::Growth;
pub use pipeline::{Part, ReadError, Sealed, Writer};
pub use spool::{Published, Spool, remove_leftovers};
