//! The bytes of a run, on their way from the strategy to a published artifact.
//!
//! ```text
//! strategy ──► compress ──► encrypt ──► hash ──► spool ──► publish
//! Writer       codec/       encrypt     stage    spool     rename, sync
//! ```
//!
//! And the way back: `decrypt`, [`codec::decoder`], and what was [`Fetched`] for a restore.
//!
//! Every arrow is a bounded channel of reused buffers between threads: the slowest stage sets the
//! pace, and memory stays constant. An artifact is a transaction: without [`Writer::finish`] nothing
//! of it is left.

pub mod codec;
mod decrypt;
mod digest;
mod encrypt;
mod fetched;
mod growth;
pub mod manifest;
mod pipeline;
mod pool;
mod read_back;
mod spool;
mod stage;
mod transform;

pub use decrypt::{decryptor, encrypted_end};
pub use digest::Digest;
pub use fetched::{Fetched, Piece};
pub use growth::Growth;
pub use pipeline::{Part, ReadError, Sealed, Writer};
pub use read_back::read_back;
pub use spool::{Published, Spool, remove_leftovers};
