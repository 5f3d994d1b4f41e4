//! The command line and the HTTP API: two thin frontends of one service.

pub mod cli;
pub mod http;
mod outcome;
