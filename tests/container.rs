//! The container, on a real engine: the image, the compose file in its three ways, stacks and manifests.

mod app;
mod citus;
mod compose;
mod engine;
mod image;
mod kubernetes;
mod registry;

use engine::Engine;
