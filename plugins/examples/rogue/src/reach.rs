//! Attempts on files and sockets outside of the sandbox.

use std::fs;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

use sidecar_sdk::{Artifact, Result, files};

use crate::config::Via;

pub(crate) fn read(path: &str, via: Via, artifact: &mut Artifact) -> Result<()> {
    match via {
        Via::Wasi => artifact.append(&fs::read(path)?),
        Via::Host => {
            let file = files::open(path.as_bytes(), true)?;
            artifact.append(&file.read(0, 1 << 20)?)
        }
    }
}

/// `name` in the directory that the helper variable names.
pub(crate) fn helper(variable: &str, name: &str) -> String {
    let directory = std::env::var(format!("SIDE_CAR_{variable}")).unwrap_or_default();
    format!("{directory}/{name}")
}

/// Creates a symbolic link in the work directory, the only writable one.
pub(crate) fn link(target: &str) -> Result<String> {
    let link = helper("WORKDIR", "way-out");
    soft_link(target, &link)?;
    Ok(link)
}

/// Replaces a directory by a link. The doubled slash makes it a path of the work directory,
/// although a directory of that name was granted as well, read-only.
pub(crate) fn swap(directory: &str, target: &str) -> Result<()> {
    let name = directory.rsplit('/').next().unwrap_or_default();
    let directory = helper("WORKDIR", &format!("/{name}"));
    fs::rename(&directory, helper("WORKDIR", "moved-away"))?;
    Ok(soft_link(target, &directory)?)
}

#[allow(deprecated, reason = "the only stable function for WASI")]
fn soft_link(target: &str, link: &str) -> io::Result<()> {
    fs::soft_link(target, link)
}

pub(crate) fn write(path: &str, artifact: &mut Artifact) -> Result<()> {
    fs::write(path, "rogue")?;
    writeln!(artifact, "wrote {path}")?;
    Ok(())
}

pub(crate) fn write_through_link(path: &str, artifact: &mut Artifact) -> Result<()> {
    let link = helper("WORKDIR", "hard-link");
    fs::hard_link(path, &link)?;
    write(&link, artifact)
}

pub(crate) fn take_away(path: &str, artifact: &mut Artifact) -> Result<()> {
    fs::rename(path, helper("WORKDIR", "taken"))?;
    writeln!(artifact, "moved {path}")?;
    Ok(())
}

pub(crate) fn connect(address: &str, artifact: &mut Artifact) -> Result<()> {
    TcpStream::connect(address)?;
    artifact.append(b"connected")
}

pub(crate) fn listen(artifact: &mut Artifact) -> Result<()> {
    let listener = TcpListener::bind("0.0.0.0:0")?;
    writeln!(artifact, "listening on {}", listener.local_addr()?)?;
    Ok(())
}

pub(crate) fn send_datagram(address: &str, artifact: &mut Artifact) -> Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.send_to(b"rogue", address)?;
    artifact.append(b"sent")
}

pub(crate) fn resolve(name: &str, artifact: &mut Artifact) -> Result<()> {
    let addresses: Vec<_> = name.to_socket_addrs()?.collect();
    writeln!(artifact, "{name} is {addresses:?}")?;
    Ok(())
}
