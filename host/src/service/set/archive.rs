//! A set that was just made, as one file on this machine.

use std::fs::File;
use std::io::Read;

use crate::artifact::read_error;
use crate::artifact::set_archive::{ArchiveWriter, LIST, MANIFEST};
use crate::error::{Error, Result};
use crate::history::Run;
use crate::service::context::Context;
use crate::service::runs::download_cache;
use crate::service::runs::job::Job;

/// Bytes that are read at once.
const CHUNK_SIZE: usize = 256 << 10;

/// Takes the bytes of the file, one piece after the other.
pub type TakeBytes<'t> = dyn FnMut(&[u8]) -> Result<()> + 't;

/// Hands out the set of `job`, which has succeeded and whose artifacts are in the download cache.
pub(in crate::service) fn write(
    context: &Context,
    job: &Job,
    take: &mut TakeBytes<'_>,
) -> Result<()> {
    let mut zip = ArchiveWriter::default();
    for (member, of) in context.in_set().zip(job.members()) {
        let config = member.config();
        let strategy = config.member.as_deref().unwrap_or_default();
        let name = format!("{strategy}/{}", config.strategy.artifact.filename);
        let run = of.run();
        add(&mut zip, &name, &run, &mut made_by(member, &run)?, take)?;
        let manifest = of.manifest().unwrap_or_default();
        let name = format!("{name}{MANIFEST}");
        add(&mut zip, &name, &run, &mut &*manifest, take)?;
        download_cache::received(member, &run.id);
    }
    let run = job.run();
    add(&mut zip, LIST, &run, &mut made_by(context, &run)?, take)?;
    take(&zip.finish())
}

fn made_by(context: &Context, run: &Run) -> Result<File> {
    if let Some(cached) = download_cache::open(&context.state_folder(), &run.id) {
        return Ok(cached);
    }
    let artifact = run.artifact.as_ref();
    let path = &artifact
        .ok_or_else(|| Error::run("internal", "a run that has succeeded has no artifact"))?
        .path;
    File::open(path).map_err(|error| Error::io("open", path, error))
}

fn add(
    zip: &mut ArchiveWriter,
    name: &str,
    run: &Run,
    bytes: &mut dyn Read,
    take: &mut TakeBytes<'_>,
) -> Result<()> {
    take(&zip.begin(name, run.queued_at))?;
    let mut buffer = vec![0; CHUNK_SIZE];
    loop {
        let read = bytes.read(&mut buffer).map_err(read_error)?;
        if read == 0 {
            return take(&zip.end());
        }
        zip.add(&buffer[..read]);
        take(&buffer[..read])?;
    }
}
