//! What `wit/` says, in Rust.

/// Bindings of `wit/strategy.wit`.
pub(super) mod strategy {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "module",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/deflate.deflated": crate::sandbox::state::deflated::DeflatedFile,
            "sidecar:strategy/files.directory": crate::sandbox::state::directory::Directory,
            "sidecar:strategy/files.file": crate::sandbox::state::open_file::OpenFile,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/attributes.wit`.
pub(super) mod attributed {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "attributed",
        imports: { default: trappable },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
            "sidecar:strategy/files": crate::sandbox::bindings::strategy::sidecar::strategy::files,
            "sidecar:strategy/target": crate::sandbox::bindings::restorer::sidecar::strategy::target,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/restore.wit`: what a module has in addition if it knows the way back.
pub(super) mod restorer {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "restorer",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
            "sidecar:strategy/commands": crate::sandbox::bindings::strategy::sidecar::strategy::commands,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/restore-preflight.wit`: what a module has in addition if it can be asked before a restore.
pub(super) mod restore_preflighter {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "restore-preflighter",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/refusals.wit`: what a module has in addition if it says beforehand what a restore would refuse.
pub(super) mod refusal_finder {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "refusal-finder",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/targets.wit`: what a module has in addition if it says beforehand what a restore would find.
pub(super) mod target_finder {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "target-finder",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/preflight.wit`: what a module has in addition if it can be asked before a run.
pub(super) mod preflighter {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "preflighter",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/changes.wit`.
pub(super) mod observant {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "observant",
        imports: { default: trappable },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
            "sidecar:strategy/files": crate::sandbox::bindings::strategy::sidecar::strategy::files,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/programs.wit`.
pub(super) mod program_runner {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "program-runner",
        imports: { default: trappable },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
            "sidecar:strategy/commands": crate::sandbox::bindings::strategy::sidecar::strategy::commands,
        },
        require_store_data_send: true,
    });
}

/// Bindings of `wit/tree.wit`: its functions wait for the repository.
pub(super) mod tree_maker {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "tree-maker",
        imports: {
            "sidecar:strategy/tree.add": async | trappable,
            "sidecar:strategy/tree.finish": async | trappable,
            default: trappable,
        },
        with: {
            "sidecar:strategy/types": crate::sandbox::bindings::strategy::sidecar::strategy::types,
        },
        require_store_data_send: true,
    });
}
