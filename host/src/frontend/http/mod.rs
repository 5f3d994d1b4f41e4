//! The HTTP API: a thin frontend of the same service as the command line.
//!
//! ```text
//! server ──► router ──► middleware, auth
//!              └──────► operations ──► one file for each group of operations
//!                            └───────► openapi
//! ```

mod about;
mod all_events;
mod artifact;
mod audit;
mod auth;
mod backups;
mod body;
mod body_buffers;
mod busy_body;
mod capabilities;
mod connections;
mod contents;
mod coverage;
mod drill;
mod error_response;
mod events;
mod export;
mod fields;
mod follow;
mod headers;
mod health;
mod jobs;
mod log;
mod metrics;
mod middleware;
mod openapi;
mod operation;
mod operations;
mod page;
mod range;
mod request;
mod restore;
mod router;
mod server;
mod set_export;
mod shown;
mod start;
mod state;
mod status;
mod throttle;
mod tls;
mod trickle;

pub use server::HttpServer;
