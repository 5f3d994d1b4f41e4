//! The files of a test have no extended attributes.

use super::files::File;
use crate::attributes::Attribute;
use crate::types::Result;

pub(crate) fn read(_path: &[u8], _follow: bool) -> Result<Vec<Attribute>> {
    Ok(Vec::new())
}

pub(crate) fn of_file(_file: &File) -> Result<Vec<Attribute>> {
    Ok(Vec::new())
}
