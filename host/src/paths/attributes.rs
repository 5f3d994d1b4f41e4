//! Extended attributes of what is open: POSIX ACLs and capabilities are among them.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::buffer::spare_capacity;
use rustix::fs::{fgetxattr, flistxattr, getxattr, listxattr};
use rustix::io::{Errno, Result};

use super::descriptor::by_descriptor;

/// The most bytes that Linux has for the names of a file's attributes, and for a value.
const LARGEST: usize = 64 << 10;
/// What most files need.
const USUAL: usize = 256;

/// An attribute, as Linux names and stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// Those of a file that is open for reading, sorted by name.
pub(crate) fn of_file(file: impl AsFd) -> Result<Vec<Attribute>> {
    let file = file.as_fd();
    read(
        |names| flistxattr(file, spare_capacity(names)),
        |name, value| fgetxattr(file, name, spare_capacity(value)),
    )
}

/// Those of anything that was opened with `O_PATH`, a link itself included.
pub(crate) fn of_path(place: &impl std::os::fd::AsRawFd) -> Result<Vec<Attribute>> {
    let place = by_descriptor(place);
    let place: &Path = &place;
    read(
        |names| listxattr(place, spare_capacity(names)),
        |name, value| getxattr(place, name, spare_capacity(value)),
    )
}

fn read(
    list: impl Fn(&mut Vec<u8>) -> Result<usize>,
    get: impl Fn(&OsStr, &mut Vec<u8>) -> Result<usize>,
) -> Result<Vec<Attribute>> {
    let names = match grown(list) {
        // A file system without attributes.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
        names => names?,
    };
    let mut attributes = Vec::new();
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        match grown(|value| get(OsStr::from_bytes(name), value)) {
            Ok(value) => attributes.push(Attribute {
                name: name.to_vec(),
                value,
            }),
            // Removed since it was listed.
            Err(Errno::NODATA) => {}
            Err(error) => return Err(error),
        }
    }
    attributes.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(attributes)
}

/// What `fill` has written into a buffer that is large enough.
fn grown(fill: impl Fn(&mut Vec<u8>) -> Result<usize>) -> Result<Vec<u8>> {
    for size in [USUAL, LARGEST] {
        let mut bytes = Vec::with_capacity(size);
        match fill(&mut bytes) {
            Err(Errno::RANGE) => {}
            filled => return filled.map(|_| bytes),
        }
    }
    Err(Errno::RANGE)
}
