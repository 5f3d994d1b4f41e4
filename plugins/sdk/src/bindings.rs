//! Generated from `wit/`: the raw interfaces, for what the rest of the kit does not wrap.

wit_bindgen::generate!({
    path: "../../wit",
    world: "sidecar:strategy/module",
    pub_export_macro: true,
});

/// What a strategy that knows the way back has in addition.
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
