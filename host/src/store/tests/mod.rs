//! Every kind of store does the same, and none of them believes a faulty server.

#![allow(clippy::unwrap_used)]

mod conformance;
mod faults;
mod faulty;
mod fixtures;
mod kinds;
mod leases;
mod probes;
mod server;
