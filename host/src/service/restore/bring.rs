//! Brings what is needed of a backup onto this machine: fetched, compared, decrypted, decompressed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::find::{Found, Place};
use super::plan::Planned;
use super::remote::Remote;
use crate::artifact::manifest::{self, Contents, Manifest};
use crate::artifact::{Fetched, Part, codec, decryptor, encrypted_end, read_back};
use crate::config::Codec;
use crate::error::{Error, Kind, Result};
use crate::sandbox::Reporter;
use crate::service::turn::Turn;
use crate::service::{Job, Service};
use crate::store::{Backup, Patience, Store};

/// Bytes that are moved at once.
const BUFFER: usize = 256 << 10;

/// What was brought.
pub(super) struct Brought {
    pub(super) source: Fetched,
    /// Bytes of the backup that were read for it, as they lie in the store.
    pub(super) bytes: u64,
}

impl Service {
    /// Brings what the plan names. A copy that cannot be used is followed by the next one.
    pub(super) fn bring(
        &self,
        turn: &Turn,
        job: &Arc<Job>,
        found: &Found,
        planned: &Planned,
    ) -> Result<Brought> {
        let copies = match &found.place {
            Place::File(path) => return self.bring_file(turn, job, &found.manifest, path),
            Place::Stores(copies) => copies,
        };
        let mut failed = None;
        for copy in copies {
            match self.bring_copy(turn, job, copy, planned.chosen()) {
                Ok(brought) => return Ok(brought),
                Err(error) if job.cancel().is_cancelled() => return Err(error),
                Err(error) => {
                    let (store, key) = (&copy.store, &copy.key);
                    tracing::warn!(store, key, "this copy cannot be used: {error}");
                    failed.get_or_insert(error);
                }
            }
        }
        Err(failed.unwrap_or_else(|| Error::run("internal", "the backup has no copy")))
    }

    fn bring_file(
        &self,
        turn: &Turn,
        job: &Arc<Job>,
        manifest: &Manifest,
        path: &Path,
    ) -> Result<Brought> {
        let mut file = File::open(path).map_err(|error| missing(path, error))?;
        let artifact = &manifest.artifact;
        let mut hash = Sha256::new();
        let size = pass(&mut file, job, artifact.size, |piece| {
            hash.update(piece);
            Ok(())
        })?;
        compare(&path.display().to_string(), size, hash, artifact)?;
        let source = self.decode(turn, job, file, artifact)?;
        Ok(Brought {
            source,
            bytes: size,
        })
    }

    fn bring_copy(
        &self,
        turn: &Turn,
        job: &Arc<Job>,
        copy: &Backup,
        parts: &[Part],
    ) -> Result<Brought> {
        let specs = &self.config().stores;
        let spec = specs.iter().find(|spec| spec.name == copy.store);
        let spec = spec.ok_or_else(|| Error::run("internal", "a store without a name"))?;
        let store = Store::open(spec, Patience::RUN)?;
        let artifact = &copy.manifest.artifact;
        let driver = self.runtime()?.handle().clone();
        let cancel = job.cancel().clone();
        let remote = Remote::new(store.clone(), &copy.key, artifact.size, driver, cancel);
        let meter = remote.meter();
        // Whoever restores everything reads everything, and so can compare everything.
        let by_range = artifact.compression == Codec::None
            && !parts.is_empty()
            && parts.iter().all(|part| part.sha256.is_some());
        if !by_range {
            let source = self.bring_whole(turn, job, remote, copy)?;
            return Ok(Brought {
                source,
                bytes: meter.fetched(),
            });
        }
        let brought = self.bring_parts(turn, job, remote, artifact, parts);
        let source = brought.or_else(|error| {
            job.cancel().check()?;
            // A wrong key and a damaged header look the same: the whole of it tells.
            self.runtime()?.block_on(store.verify(copy))?;
            Err(error)
        })?;
        Ok(Brought {
            source,
            bytes: meter.fetched(),
        })
    }

    /// Everything that lies in the store is compared before anything is made of it.
    fn bring_whole(
        &self,
        turn: &Turn,
        job: &Arc<Job>,
        mut remote: Remote,
        copy: &Backup,
    ) -> Result<Fetched> {
        let artifact = &copy.manifest.artifact;
        remote.meter().expect(u64::MAX);
        let stored = Spool::create(turn, job)?;
        let mut hash = Sha256::new();
        let mut at = 0;
        let size = pass(&mut remote, job, artifact.size, |piece| {
            hash.update(piece);
            stored.write(piece, at)?;
            at += piece.len() as u64;
            Ok(())
        })?;
        let shown = format!("{} in store {}", copy.key, copy.store);
        compare(&shown, size, hash, artifact)?;
        self.decode(turn, job, stored.file, artifact)
    }

    /// What the strategy once wrote, out of what was stored.
    fn decode(
        &self,
        turn: &Turn,
        job: &Arc<Job>,
        mut stored: File,
        artifact: &Contents,
    ) -> Result<Fetched> {
        if artifact.compression == Codec::None && artifact.encryption.is_none() {
            return Ok(Fetched::whole(stored, artifact.raw_size));
        }
        stored.seek(SeekFrom::Start(0)).map_err(read_back)?;
        let decrypted: Box<dyn Read + Send> = match artifact.encryption {
            None => Box::new(stored),
            Some(_) => {
                let key = self.config().strategy.artifact.encryption.as_ref();
                Box::new(decryptor(
                    key,
                    io::BufReader::with_capacity(BUFFER, stored),
                )?)
            }
        };
        let mut decoded = codec::decoder(artifact.compression, decrypted).map_err(read_back)?;
        let raw = Spool::create(turn, job)?;
        let mut hash = Sha256::new();
        let mut at = 0;
        let size = pass(&mut decoded, job, artifact.raw_size, |piece| {
            hash.update(piece);
            raw.write(piece, at)?;
            at += piece.len() as u64;
            Ok(())
        })?;
        if (size, manifest::Sha256::of(hash)) != (artifact.raw_size, artifact.raw_sha256.clone()) {
            return Err(altered(
                "what the artifact holds is not what the strategy wrote",
            ));
        }
        Ok(Fetched::whole(raw.file, size))
    }

    /// Only ranges of the object: each part has a digest of its own.
    fn bring_parts(
        &self,
        turn: &Turn,
        job: &Arc<Job>,
        remote: Remote,
        artifact: &Contents,
        parts: &[Part],
    ) -> Result<Fetched> {
        let meter = remote.meter();
        let spool = Spool::create(turn, job)?;
        let total = parts.iter().map(|part| part.length).sum();
        let mut progress = Steps {
            job,
            done: 0,
            total,
        };
        match artifact.encryption {
            None => {
                let mut remote = remote;
                for part in parts {
                    meter.expect(part.offset + part.length);
                    copy_part(&mut remote, &spool, part, &mut progress)?;
                }
            }
            Some(_) => {
                let key = self.config().strategy.artifact.encryption.as_ref();
                let mut decrypted = decryptor(key, remote)?;
                // The header is read to its last byte and no further.
                let start = meter.position();
                for part in parts {
                    meter.expect(encrypted_end(start, part.offset + part.length));
                    copy_part(&mut decrypted, &spool, part, &mut progress)?;
                }
            }
        }
        let ranges = parts
            .iter()
            .map(|part| part.offset..part.offset + part.length);
        Ok(Fetched::ranges(
            spool.file,
            artifact.raw_size,
            ranges.collect(),
        ))
    }
}

/// Copies one part to its place in `spool`, and compares it.
fn copy_part(
    from: &mut (impl Read + Seek),
    spool: &Spool,
    part: &Part,
    progress: &mut Steps<'_>,
) -> Result<()> {
    from.seek(SeekFrom::Start(part.offset)).map_err(read_back)?;
    let mut hash = Sha256::new();
    let mut at = part.offset;
    let mut from = from.take(part.length);
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).map_err(read_back)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        spool.write(&buffer[..read], at)?;
        at += read as u64;
        progress.add(read)?;
    }
    let sha256 = Some(manifest::Sha256::of(hash));
    if at - part.offset != part.length || sha256 != part.sha256 {
        return Err(altered(&format!(
            "the part {} is not what was written",
            part.name
        )));
    }
    Ok(())
}

/// How far the parts are.
struct Steps<'a> {
    job: &'a Job,
    done: u64,
    total: u64,
}

impl Steps<'_> {
    fn add(&mut self, bytes: usize) -> Result<()> {
        self.done += bytes as u64;
        self.job.report(self.done, Some(self.total), Some(FETCHING));
        self.job.cancel().check()
    }
}

/// What the operator reads meanwhile.
const FETCHING: &str = "reading the backup";

/// Hands everything that `from` has to `take`. Returns the number of bytes.
fn pass(
    from: &mut impl Read,
    job: &Arc<Job>,
    total: u64,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut progress = Steps {
        job,
        done: 0,
        total,
    };
    loop {
        let read = from.read(&mut buffer).map_err(read_back)?;
        if read == 0 {
            return Ok(progress.done);
        }
        take(&buffer[..read])?;
        progress.add(read)?;
    }
}

/// A file that only this process has: it has no name, and ends with it.
struct Spool {
    file: File,
    folder: PathBuf,
}

impl Spool {
    fn create(turn: &Turn, job: &Job) -> Result<Self> {
        let folder = turn.folder.clone();
        let path = folder.join(&job.request().id).with_extension("partial");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("create", &path, error))?;
        fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
        Ok(Self { file, folder })
    }

    fn write(&self, bytes: &[u8], at: u64) -> Result<()> {
        let written = self.file.write_all_at(bytes, at);
        written.map_err(|error| Error::io("write below", &self.folder, error))
    }
}

fn compare(shown: &str, size: u64, hash: Sha256, expected: &Contents) -> Result<()> {
    if size != expected.size {
        return Err(altered(&format!(
            "{shown} has {size} bytes instead of {}",
            expected.size
        )));
    }
    match manifest::Sha256::of(hash) == expected.sha256 {
        true => Ok(()),
        false => Err(altered(&format!(
            "{shown} is not what was written: its SHA-256 differs"
        ))),
    }
}

fn altered(what: &str) -> Error {
    Error::new(Kind::Verification, "altered", what).hint(
        "nothing was restored: take another backup (`sidecar list`), and find out who altered this one",
    )
}

fn missing(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(
            Kind::Verification,
            "artifact-missing",
            format!("the artifact is no longer at {}", path.display()),
        )
        .hint("somebody removed it: make a new backup now"),
        _ => Error::io("open", path, error),
    }
}
