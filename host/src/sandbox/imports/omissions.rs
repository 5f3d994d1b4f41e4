//! Interface `omissions`: what belongs in the backup and is not in it.

use crate::artifact::Omission;
use crate::sandbox::bindings::strategy::sidecar::strategy::omissions::{
    Host, Omission as Reported,
};
use crate::sandbox::state::State;

impl Host for State {
    fn report(&mut self, omission: Reported) -> wasmtime::Result<()> {
        let omission = Omission::new(&omission.what, &omission.code, &omission.message);
        let Omission {
            what,
            code,
            message,
        } = &omission;
        let line = format!("not in the backup: {what}: {message} ({code})");
        self.output.log("warn", &line);
        self.omissions.add(omission);
        Ok(())
    }
}
