//! From grants to what a module finds: environment, directories, network.

use std::collections::HashSet;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::OFlags;
use wasmtime_wasi::sockets::SocketAddrUse;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use super::output::ModuleOutput;
use crate::error::{Error, Result};
use crate::paths::{Directories, ReadAccess, by_descriptor};
use crate::plan::Grants;

/// The module's world for a call without any grant: the helper variables and nothing else.
pub(super) fn bare(helpers: &[(String, String)], output: &ModuleOutput) -> WasiCtx {
    WasiCtxBuilder::new()
        .envs(helpers)
        .stdout(output.clone())
        .stderr(output.clone())
        .build()
}

/// The module's world for a run.
pub(super) fn granted(
    grants: &Grants,
    directories: &Directories,
    access: &mut ReadAccess,
    helpers: &[(String, String)],
    output: &ModuleOutput,
) -> Result<WasiCtx> {
    let mut wasi = WasiCtxBuilder::new();
    // Captured by every directory that is opened below: so it comes first.
    wasi.allow_blocking_current_thread(true);
    wasi.envs(helpers)
        .stdout(output.clone())
        .stderr(output.clone());
    for name in &grants.env {
        if let Ok(value) = std::env::var(name) {
            wasi.env(name, value);
        }
    }
    let mut opened = HashSet::new();
    for (path, perms) in [
        (&directories.workdir, FsPerms::ReadWrite),
        (&directories.temp, FsPerms::ReadWrite),
        (&directories.artifacts, FsPerms::ReadOnly),
    ] {
        if opened.insert(path) {
            show(&mut wasi, &by_descriptor(access.own(path)?), path, perms)?;
        }
    }
    for path in grants.read.iter().filter(|path| path.is_dir()) {
        if opened.insert(path) {
            // An earlier run may have left a link on the way: `access` judges that.
            let folder = access.open(path, true, OFlags::DIRECTORY)?;
            show(&mut wasi, &by_descriptor(&folder), path, FsPerms::ReadOnly)?;
        }
    }
    if !grants.net.is_empty() {
        let addresses = Arc::new(resolve(&grants.net)?);
        wasi.allow_tcp(true)
            .allow_ip_name_lookup(true)
            .socket_addr_check(move |address, purpose| {
                let allowed = match purpose {
                    SocketAddrUse::TcpConnect => addresses.contains(&address),
                    // What the system binds for an outgoing connection.
                    SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
                    _ => false,
                };
                Box::pin(async move { allowed })
            });
    }
    Ok(wasi.build())
}

/// Lets the module see the directory `host` under the path `guest`.
fn show(wasi: &mut WasiCtxBuilder, host: &Path, guest: &Path, perms: FsPerms) -> Result<()> {
    let guest = guest.to_string_lossy();
    wasi.preopened_dir(host, &guest, perms)
        .map(drop)
        .map_err(|error| {
            Error::run(
                "not-opened",
                format!("cannot open {guest} for the module: {error}"),
            )
        })
}

/// The addresses behind the granted names, as they are when the run starts.
fn resolve(names: &[String]) -> Result<HashSet<SocketAddr>> {
    let mut addresses = HashSet::new();
    for name in names {
        let found = name.to_socket_addrs().map_err(|error| {
            Error::run(
                "unknown-address",
                format!("the granted address {name} cannot be resolved: {error}"),
            )
            .hint("is the other container on the same network, and running?")
        })?;
        addresses.extend(found);
    }
    Ok(addresses)
}
