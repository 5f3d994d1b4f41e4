//! Extended attributes of what is restored: what can be set is, and the rest is told.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Mode, XattrFlags, fchmod, fstat, removexattr, setxattr};
use rustix::io::Errno;

use crate::paths::{Attribute, by_descriptor};

/// An attribute that a file system or a right does not allow to be set.
#[derive(Debug)]
pub(in crate::sandbox) struct RefusedAttribute {
    pub(in crate::sandbox) name: Vec<u8>,
    pub(in crate::sandbox) reason: String,
}

/// Whether an attribute is set after owner and mode: a new owner takes capabilities away, and an ACL is
/// more than a mode. The others are set before them, for a read-only file takes none.
pub(super) fn is_late(attribute: &Attribute) -> bool {
    attribute.name.starts_with(b"security.") || is_acl(attribute)
}

fn is_acl(attribute: &Attribute) -> bool {
    attribute.name.starts_with(b"system.posix_acl_")
}

/// Sets those that `wanted` takes on what is open. Returns what cannot be.
pub(super) fn set_on(
    open: &impl AsRawFd,
    attributes: &[Attribute],
    wanted: impl Fn(&Attribute) -> bool,
) -> Vec<RefusedAttribute> {
    let mut chosen = attributes
        .iter()
        .filter(|attribute| wanted(attribute))
        .peekable();
    if chosen.peek().is_none() {
        return Vec::new();
    }
    let place = by_descriptor(open);
    chosen
        .filter_map(|attribute| set(&place, attribute))
        .collect()
}

/// Tries a directory's attributes; returns what cannot be set. An ACL is taken away again, with what it did to the
/// mode: what is made in the directory would inherit it, so that it is set when the directory is full.
pub(super) fn try_on(
    directory: &(impl AsFd + AsRawFd),
    attributes: &[Attribute],
) -> rustix::io::Result<Vec<RefusedAttribute>> {
    let mode = fstat(directory)?.st_mode;
    let refused = set_on(directory, attributes, |_| true);
    for acl in attributes.iter().filter(|attribute| is_acl(attribute)) {
        match removexattr(by_descriptor(directory), OsStr::from_bytes(&acl.name)) {
            // What was refused is not there.
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
        fchmod(directory, Mode::from_raw_mode(mode))?;
    }
    Ok(refused)
}

fn set(place: &Path, attribute: &Attribute) -> Option<RefusedAttribute> {
    let name = OsStr::from_bytes(&attribute.name);
    let error: Errno = setxattr(place, name, &attribute.value, XattrFlags::empty()).err()?;
    Some(RefusedAttribute {
        name: attribute.name.clone(),
        reason: std::io::Error::from(error).to_string(),
    })
}
