//! The files of a test stay as they are.

use super::files::File;

pub(crate) fn since_opened(_file: &File) -> Option<String> {
    None
}
