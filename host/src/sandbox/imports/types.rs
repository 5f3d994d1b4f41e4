//! Interface `types`: it has no functions.

use crate::sandbox::bindings::strategy::sidecar::strategy::types::Host;
use crate::sandbox::state::State;

impl Host for State {}
