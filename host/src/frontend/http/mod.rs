//! The HTTP API: a thin frontend of the same service as the command line. `fleet` is a server of its own, on the same ground.
//!
//! ```text
//! server ──► accept
//!   └──────► router ──► middleware, auth
//!              └──────► operations ──► one file for each group of operations
//!                            └───────► openapi
//! ```

mod about;
mod accept;
mod all_events;
mod artifact;
mod audit;
mod auth;
mod backups;
mod body;
mod body_buffers;
mod busy_body;
mod capabilities;
mod check;
mod connections;
mod contents;
mod cookie;
mod coverage;
mod drill;
mod error_response;
mod events;
mod export;
mod fields;
mod fleet;
mod follow;
mod headers;
mod health;
mod jobs;
mod log;
mod metrics;
mod middleware;
mod oidc;
mod openapi;
mod operation;
mod operations;
mod page;
mod range;
mod request;
mod request_body;
mod restore;
mod router;
mod seal;
mod secret_id;
mod server;
mod set_export;
mod shown;
mod sign_in;
mod start;
mod state;
mod status;
mod streams;
mod throttle;
mod tls;
mod trickle;

pub use fleet::FleetPage;
pub use server::{HttpApi, HttpServer, Served};
