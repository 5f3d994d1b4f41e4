//! zip: content goes through the module, which checks and deflates it.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use jiff::tz::Offset;
use sidecar_sdk::{Artifact, Entry, Failure, Result, log};
use zip::result::ZipError;
use zip::write::{FullFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::format::{Format, open, shown};

/// Bytes that are read at once.
const PIECE: u32 = 256 << 10;
/// Files from this size on get sizes of 64 bits: deflate may grow what it cannot compress.
const LARGE: u64 = 0xF000_0000;

/// A zip that is being written.
pub(crate) struct Zip<'a> {
    writer: ZipWriter<StreamWriter<&'a mut Artifact>>,
    method: CompressionMethod,
    level: Option<i64>,
}

impl<'a> Zip<'a> {
    pub(crate) fn new(artifact: &'a mut Artifact, deflate: bool, level: Option<u32>) -> Self {
        let method = if deflate {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        Self {
            writer: ZipWriter::new_stream(artifact),
            method,
            level: level.map(i64::from).filter(|_| deflate),
        }
    }

    fn symlink(&mut self, name: &[u8], entry: &Entry) -> Result<bool> {
        let options = options(name, entry)?.compression_method(CompressionMethod::Stored);
        let target = entry.link_target.as_deref().unwrap_or_default();
        self.writer
            .start_file_with_options(options)
            .map_err(failure)?;
        self.writer.write_all(target)?;
        Ok(true)
    }

    fn directory(&mut self, name: &[u8], entry: &Entry) -> Result<bool> {
        // The crate takes directories by text only; the files below keep their raw names.
        let text = String::from_utf8_lossy(name);
        if matches!(text, Cow::Owned(_)) {
            log::warn(&format!(
                "{} is no UTF-8: the directory's own entry is {text}",
                shown(name)
            ));
        }
        let added = self.writer.add_directory(text, options(name, entry)?);
        added.map(|()| true).map_err(failure)
    }

    fn file(&mut self, name: &[u8], found: &Entry, follow: bool) -> Result<bool> {
        let Some(file) = open(found, follow)? else {
            return Ok(false);
        };
        let entry = file.inspect();
        let options = options(name, &entry)?
            .compression_method(self.method)
            .compression_level(self.level)
            .large_file(entry.size >= LARGE);
        self.writer
            .start_file_with_options(options)
            .map_err(failure)?;
        let mut offset = 0;
        while offset < entry.size {
            let length = u64::from(PIECE).min(entry.size - offset) as u32;
            let piece = file.read(offset, length)?;
            if piece.is_empty() {
                log::warn(&format!(
                    "{} became shorter while it was archived",
                    shown(&entry.path)
                ));
                break;
            }
            self.writer.write_all(&piece)?;
            offset += piece.len() as u64;
        }
        Ok(true)
    }
}

impl Format for Zip<'_> {
    fn add(&mut self, name: &[u8], entry: &Entry, follow: bool) -> Result<bool> {
        match entry.kind.as_str() {
            "file" => self.file(name, entry, follow),
            "directory" if name == b"." => Ok(true),
            "directory" => self.directory(name, entry),
            "symlink" => self.symlink(name, entry),
            kind => {
                log::warn(&format!(
                    "{} is a {kind}, which zip cannot hold: left out",
                    shown(&entry.path)
                ));
                Ok(false)
            }
        }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.writer.finish().map(drop).map_err(failure)
    }
}

/// What a zip knows of an entry beside its content.
fn options<'n>(name: &'n [u8], entry: &Entry) -> Result<FullFileOptions<'static, 'n>> {
    let kind: u32 = match entry.kind.as_str() {
        "directory" => 0o040_000,
        "symlink" => 0o120_000,
        _ => 0o100_000,
    };
    let dos_directory = u32::from(kind == 0o040_000) << 4;
    let mut options = FullFileOptions::default()
        .name(name)
        .system(System::Unix)
        .external_attributes((kind | entry.mode) << 16 | dos_directory)
        .last_modified_time(dos_time(entry.mtime_seconds));
    // Extended timestamp (UT) and numeric owner (ux), as Info-ZIP writes them. Readers disagree
    // whether the time has a sign.
    if let Ok(seconds @ 0..) = i32::try_from(entry.mtime_seconds) {
        options = options
            .with_extended_timestamp(Some(seconds.cast_unsigned()), None, None)
            .map_err(failure)?;
    }
    let mut owner = vec![1, 4];
    owner.extend(entry.uid.to_le_bytes());
    owner.push(4);
    owner.extend(entry.gid.to_le_bytes());
    options
        .add_extra_field(0x7875, owner, false)
        .map_err(failure)?;
    Ok(options)
}

/// UTC, as zip knows no time zones; 1980 for what it cannot hold.
fn dos_time(seconds: i64) -> DateTime {
    let civil = Timestamp::from_second(seconds).map(|time| Offset::UTC.to_datetime(time));
    civil
        .ok()
        .and_then(|at| {
            let year = u16::try_from(at.year()).ok()?;
            let [month, day, hour, minute, second] =
                [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(i8::cast_unsigned);
            DateTime::from_date_and_time(year, month, day, hour, minute, second).ok()
        })
        .unwrap_or_default()
}

fn failure(error: ZipError) -> Failure {
    match error {
        ZipError::Io(error) => error.into(),
        error => Failure::new("zip", format!("the zip cannot be written: {error}")),
    }
}
