//! Files deflated by the host, on all cores, for the entries of a zip.

use crate::imports::deflate;

pub use deflate::{Deflated, Facts, prepare};
pub(crate) use deflate::{append_deflated, append_file_deflated};
