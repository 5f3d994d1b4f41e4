//! Exports whether a run would succeed now.

use crate::bindings::preflighter::exports::sidecar::strategy::preflight as exported;
use crate::findings::Findings;
use crate::strategy::{Module, Strategy, parse};

impl<S: Strategy> exported::Guest for Module<S> {
    fn preflight(config: String) -> exported::Findings {
        let Findings { failures, warnings } = match parse(&config) {
            Ok(config) => S::preflight(config),
            Err(failure) => Err(failure).into(),
        };
        exported::Findings { failures, warnings }
    }
}
