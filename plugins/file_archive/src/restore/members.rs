//! The members of an archive, whatever its format is.

use std::io::{Read, Seek, SeekFrom};

use sidecar_sdk::{Result, Source};

use super::member::ArchiveMember;
use super::{tar_reader, zip_reader};

/// Passes each member of the archive to `take`.
pub(super) fn each_member(take: &mut dyn FnMut(ArchiveMember) -> Result<()>) -> Result<()> {
    let mut source = Source::whole();
    let mut magic = Vec::new();
    source.by_ref().take(4).read_to_end(&mut magic)?;
    source.seek(SeekFrom::Start(0))?;
    // The content decides: the configuration may have changed since the backup.
    match &magic[..] {
        b"PK\x03\x04" | b"PK\x05\x06" => zip_reader::each_member(source, take),
        _ => tar_reader::each_member(source, take),
    }
}
