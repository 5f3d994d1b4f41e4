//! From grants to what a module finds: environment, directories, network.

use std::collections::HashSet;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;
use wasmtime_wasi::sockets::SocketAddrUse;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use super::imports::{Access, by_descriptor};
use super::stream::Words;
use crate::config::Paths;
use crate::error::{Error, Result};
use crate::plan::Grants;

/// The directories that every run has.
#[derive(Debug, Clone)]
pub struct Directories {
    /// Commands run here; modules may write.
    pub workdir: PathBuf,
    /// Where artifacts are published: only the host writes.
    pub artifacts: PathBuf,
    /// Where `SIDE_CAR_TEMP_DUMP` lies; modules may write.
    pub temp: PathBuf,
}

impl From<&Paths> for Directories {
    fn from(paths: &Paths) -> Self {
        Self {
            workdir: paths.workdir.clone(),
            artifacts: paths.artifacts.clone(),
            temp: paths
                .temp_dump
                .parent()
                .unwrap_or(Path::new("/"))
                .to_owned(),
        }
    }
}

impl Directories {
    /// All of them.
    pub fn all(&self) -> Vec<PathBuf> {
        vec![
            self.workdir.clone(),
            self.artifacts.clone(),
            self.temp.clone(),
        ]
    }
}

/// The module's world for a call without any grant: the helper variables and nothing else.
pub(super) fn bare(helpers: &[(String, String)], words: &Words) -> WasiCtx {
    WasiCtxBuilder::new()
        .envs(helpers)
        .stdout(words.clone())
        .stderr(words.clone())
        .build()
}

/// The module's world for a run.
pub(super) fn granted(
    grants: &Grants,
    directories: &Directories,
    access: &mut Access,
    helpers: &[(String, String)],
    words: &Words,
) -> Result<WasiCtx> {
    let mut wasi = WasiCtxBuilder::new();
    // Captured by every directory that is opened below: so it comes first.
    wasi.allow_blocking_current_thread(true);
    wasi.envs(helpers)
        .stdout(words.clone())
        .stderr(words.clone());
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
            show(&mut wasi, path, path, perms)?;
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
