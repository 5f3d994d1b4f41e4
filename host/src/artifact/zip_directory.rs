//! The directory at the end of a ZIP: where it lies, and the numbers in it.

use std::io::{Read, Seek, SeekFrom};

use super::zip_fields::{
    ELSEWHERE, END, END_64, END_64_SIZE, END_SIZE, EXTRA_64, LOCATOR_64, LOCATOR_64_SIZE, MANY,
};

/// Bytes of a comment at most, which a program may have added behind the end.
const LONGEST_COMMENT: usize = u16::MAX as usize;

/// Why the directory cannot be read.
pub(super) type Why = String;

/// Where the directory begins, how many bytes it has, and how many entries.
pub(super) fn end(file: &mut (impl Read + Seek), size: u64) -> Result<(u64, u64, u64), Why> {
    let length = size.min((END_SIZE + LONGEST_COMMENT) as u64);
    let tail = at(file, size - length, length as usize)?;
    let mut places = (0..=tail.len().saturating_sub(END_SIZE)).rev();
    let found = places.find(|at| tail.len() >= END_SIZE && u32_at(&tail, *at) == END);
    let found = found.ok_or("it has no end")?;
    let end = &tail[found..];
    let (count, length, start) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
    if count != MANY && length != ELSEWHERE && start != ELSEWHERE {
        return Ok((start.into(), length.into(), count.into()));
    }
    let position = size - tail.len() as u64 + found as u64;
    let locator = position.checked_sub(LOCATOR_64_SIZE as u64);
    let locator = at(file, locator.ok_or("it has no end")?, LOCATOR_64_SIZE)?;
    if u32_at(&locator, 0) != LOCATOR_64 {
        return Err("it has no end of 64 bits".to_owned());
    }
    let end = at(file, u64_at(&locator, 8), END_64_SIZE)?;
    match u32_at(&end, 0) == END_64 {
        true => Ok((u64_at(&end, 48), u64_at(&end, 40), u64_at(&end, 32))),
        false => Err("it has no end of 64 bits".to_owned()),
    }
}

/// The numbers of the extra field that has them.
pub(super) fn extra_64(mut extra: &[u8]) -> &[u8] {
    while extra.len() >= 4 {
        let (kind, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(field) = extra.get(4..4 + length) else {
            break;
        };
        if kind == EXTRA_64 {
            return field;
        }
        extra = &extra[4 + length..];
    }
    &[]
}

/// Bytes of a file.
pub(super) fn at(
    file: &mut (impl Read + Seek),
    offset: u64,
    length: usize,
) -> Result<Vec<u8>, Why> {
    let mut bytes = vec![0; length];
    let read = file.seek(SeekFrom::Start(offset));
    let read = read.and_then(|_| file.read_exact(&mut bytes));
    read.map_err(|error| error.to_string())?;
    Ok(bytes)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
