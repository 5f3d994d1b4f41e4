//! Interface `attributes`: extended attributes of what is archived.

use rustix::fs::OFlags;
use wasmtime::component::Resource;

use crate::paths::{Attribute, attributes_of_file, attributes_of_path, failed, path_of};
use crate::sandbox::bindings::attributed::sidecar::strategy::attributes::{
    Attribute as Shown, Host,
};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::State;
use crate::sandbox::state::open_file::OpenFile;

impl Host for State {
    fn read(
        &mut self,
        path: Vec<u8>,
        follow: bool,
    ) -> wasmtime::Result<Result<Vec<Shown>, Failure>> {
        let path = path_of(&path);
        let found = self
            .access
            .open(path, follow, OFlags::PATH)
            .and_then(|place| {
                attributes_of_path(&place)
                    .map_err(|error| failed("read the extended attributes of", path, error))
            });
        Ok(found.map(shown).map_err(Failure::from))
    }

    fn of_file(
        &mut self,
        file: Resource<OpenFile>,
    ) -> wasmtime::Result<Result<Vec<Shown>, Failure>> {
        let file = self.table.get_mut(&file)?;
        let found = match file.attributes.take() {
            Some(known) => Ok(known),
            None => attributes_of_file(&file.file)
                .map_err(|error| failed("read the extended attributes of", &file.path, error)),
        };
        Ok(found.map(shown).map_err(Failure::from))
    }
}

fn shown(attributes: Vec<Attribute>) -> Vec<Shown> {
    let shown = |Attribute { name, value }| Shown { name, value };
    attributes.into_iter().map(shown).collect()
}
