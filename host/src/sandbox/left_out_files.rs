//! What is left out of all that a module may read (`paths/left_out.rs`) is not opened through WASI either, which knows
//! a directory only with all that lies below: backups of a store, and the folder in which the sidecar has its journal,
//! unfinished artifacts and what a restore has fetched.

use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor, OpenFlags, PathFlags,
};

use super::state::State;

/// As the host links it: the version is the one of `wasmtime-wasi`.
const TYPES: &str = "wasi:filesystem/types@0.2.12";
const OPEN: &str = "[method]descriptor.open-at";

type OpenResult = Result<Resource<Descriptor>, ErrorCode>;

/// Replaces WASI's own way to open a file.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    linker.allow_shadowing(true);
    linker.instance(TYPES)?.func_wrap_async(
        OPEN,
        |mut store: StoreContextMut<'_, State>, asked| {
            Box::new(async move { Ok((open(store.data_mut(), asked).await?,)) })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// A folder, how to treat links, a path below it, how to open it, and for what.
type Asked = (
    Resource<Descriptor>,
    PathFlags,
    String,
    OpenFlags,
    DescriptorFlags,
);

async fn open(state: &mut State, asked: Asked) -> Result<OpenResult> {
    let (folder, path_flags, path, open_flags, flags) = asked;
    let opened = state
        .filesystem()
        .open_at(folder, path_flags, path, open_flags, flags)
        .await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error.downcast()?)),
    };
    let file = match state.table.get(&opened)? {
        Descriptor::File(file) => &file.file,
        Descriptor::Dir(folder) => &folder.dir,
    };
    if state.access.left_out().has(file) {
        HostDescriptor::drop(&mut state.filesystem(), opened)?;
        return Ok(Err(ErrorCode::NoEntry));
    }
    Ok(Ok(opened))
}
