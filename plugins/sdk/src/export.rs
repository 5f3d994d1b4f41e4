//! The macros that export a strategy as a component.

/// Exports a type that implements [`Strategy`](crate::Strategy) as a component: `sidecar_sdk::export!(Hello);`
///
/// For any other target than WebAssembly it exports nothing, so that unit tests link.
#[macro_export]
macro_rules! export {
    ($strategy:ident) => {
        #[allow(dead_code)]
        type SidecarModule = $crate::Module<$strategy>;
        #[cfg(target_family = "wasm")]
        $crate::bindings::export!(SidecarModule with_types_in $crate::bindings);
        #[cfg(target_family = "wasm")]
        $crate::bindings::preflighter::export!(SidecarModule with_types_in $crate::bindings::preflighter);
    };
}

/// Exports a type that implements [`Restore`](crate::Restore) as a component: `sidecar_sdk::export_restorable!(Hello);`
#[macro_export]
macro_rules! export_restorable {
    ($strategy:ident) => {
        $crate::export!($strategy);
        #[cfg(target_family = "wasm")]
        $crate::bindings::restorer::export!(SidecarModule with_types_in $crate::bindings::restorer);
        #[cfg(target_family = "wasm")]
        $crate::bindings::restore_preflighter::export!(SidecarModule with_types_in $crate::bindings::restore_preflighter);
        #[cfg(target_family = "wasm")]
        $crate::bindings::refusal_finder::export!(SidecarModule with_types_in $crate::bindings::refusal_finder);
        #[cfg(target_family = "wasm")]
        $crate::bindings::target_finder::export!(SidecarModule with_types_in $crate::bindings::target_finder);
    };
}
