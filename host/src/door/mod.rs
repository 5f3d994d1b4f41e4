//! Thin doors to the same service.

pub mod cli;
pub mod http;
