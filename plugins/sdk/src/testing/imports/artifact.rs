//! The bytes of the artifact.

use super::files::File;
use crate::bindings::sidecar::strategy::artifact::Appended;
use crate::testing::mock_host::with;
use crate::types::Result;

pub(crate) fn write(bytes: &[u8]) -> Result<()> {
    with(|host| host.artifact.extend_from_slice(bytes));
    Ok(())
}

pub(crate) fn append_file(file: &File, length: u64) -> Result<Appended> {
    let available = file.content.len().min(length as usize);
    with(|host| {
        host.artifact.extend_from_slice(&file.content[..available]);
        host.artifact
            .resize(host.artifact.len() + length as usize - available, 0);
    });
    Ok(Appended {
        length: available as u64,
        short: (available as u64) < length,
    })
}

pub(crate) fn position() -> u64 {
    with(|host| host.artifact.len() as u64)
}

pub(crate) fn begin_part(name: &str) -> Result<()> {
    with(|host| {
        assert!(host.part.is_none(), "parts do not nest");
        host.part = Some((name.to_owned(), host.artifact.len()));
    });
    Ok(())
}

pub(crate) fn end_part() -> Result<()> {
    with(|host| {
        let (name, start) = host.part.take().expect("no part was begun");
        let bytes = host.artifact[start..].to_vec();
        host.parts.push((name, bytes));
    });
    Ok(())
}
