//! Generated from `wit/`: the raw interfaces, for what the rest of the kit does not wrap.

wit_bindgen::generate!({
    path: "../../wit",
    world: "sidecar:strategy/module",
    pub_export_macro: true,
});
