//! Generated from `wit/`: the raw interfaces, for what the rest of the SDK does not wrap.

wit_bindgen::generate!({
    path: "../../wit",
    world: "sidecar:strategy/module",
    pub_export_macro: true,
});

/// What a strategy that can be asked before a run has in addition.
pub mod preflighter {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/preflighter",
        pub_export_macro: true,
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
        },
    });
}

/// What a strategy that can be asked before a restore has in addition.
pub mod restore_preflighter {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/restore-preflighter",
        pub_export_macro: true,
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
        },
    });
}

/// What a strategy that says beforehand what a restore would refuse has in addition.
pub mod refusal_finder {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/refusal-finder",
        pub_export_macro: true,
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
        },
    });
}

/// What a strategy that says beforehand what a restore would find has in addition.
pub mod target_finder {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/target-finder",
        pub_export_macro: true,
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
        },
    });
}

/// What a strategy that restores has in addition.
pub mod restorer {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/restorer",
        pub_export_macro: true,
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
            "sidecar:strategy/commands@0.1.0": crate::bindings::sidecar::strategy::commands,
        },
    });
}

/// What a strategy imports that archives files with their extended attributes.
pub mod attributed {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/attributed",
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
            "sidecar:strategy/files@0.1.0": crate::bindings::sidecar::strategy::files,
            "sidecar:strategy/target@0.1.0": crate::bindings::restorer::sidecar::strategy::target,
        },
    });
}

/// What a strategy imports that tells whether a file changed while it was read.
pub mod observant {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/observant",
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
            "sidecar:strategy/files@0.1.0": crate::bindings::sidecar::strategy::files,
        },
    });
}

/// What a strategy imports that runs programs without a shell.
pub mod program_runner {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/program-runner",
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
            "sidecar:strategy/commands@0.1.0": crate::bindings::sidecar::strategy::commands,
        },
    });
}

/// What a strategy imports that makes a tree of files where it can.
pub mod tree_maker {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sidecar:strategy/tree-maker",
        with: {
            "sidecar:strategy/types@0.1.0": crate::bindings::sidecar::strategy::types,
        },
    });
}
