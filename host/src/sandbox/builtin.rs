//! The built-in strategies, embedded so that a plain binary can take a backup.

/// The component of a built-in strategy.
pub(super) fn component(name: &str) -> Option<&'static [u8]> {
    match name {
        "custom" => Some(include_bytes!(concat!(
            env!("SIDECAR_PLUGINS"),
            "/custom.wasm"
        ))),
        "database_dump" => Some(include_bytes!(concat!(
            env!("SIDECAR_PLUGINS"),
            "/database_dump.wasm"
        ))),
        "file_archive" => Some(include_bytes!(concat!(
            env!("SIDECAR_PLUGINS"),
            "/file_archive.wasm"
        ))),
        _ => None,
    }
}
