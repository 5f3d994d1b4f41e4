//! Where modules run: WebAssembly components that get what was granted, and nothing else.
//!
//! One run is one store on one thread. The thread blocks in the host's own calls, which watch the
//! cancel signal; what waits inside WASI is a future that cancelling drops, or a system
//! call that it interrupts; and an endless loop is broken by the epoch.

mod anatomy;
mod builtin;
mod cache;
mod engine;
mod grants;
mod imports;
mod interrupt;
mod limit;
mod module;
mod restore;
mod run;
mod stream;
mod ticker;

pub use anatomy::{Anatomy, Version};
pub use engine::Engine;
pub use grants::Directories;
pub use module::{Description, Module, Source};
pub use restore::{Outcome, RestoreJob, RestoreRequest, Restored, Selection};
pub use run::{Answer, Ending, Job, Reporter};

/// Bindings of `wit/strategy.wit`.
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "module",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/deflate.deflated": crate::sandbox::imports::deflate::Deflated,
            "sidecar:strategy/files.directory": crate::sandbox::imports::files::Directory,
            "sidecar:strategy/files.file": crate::sandbox::imports::files::OpenFile,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/restore.wit`: what a module has in addition if it knows the way back.
mod restorer {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "restorer",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::sidecar::strategy::types,
            "sidecar:strategy/commands": crate::sandbox::bindings::sidecar::strategy::commands,
        },
        require_store_data_send: true,
    });
}
