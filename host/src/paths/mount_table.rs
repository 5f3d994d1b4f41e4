//! The mounts of this process, as the system lists them.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

const MOUNT_TABLE: &str = "/proc/self/mountinfo";
/// What mounts and unmounts by itself.
const AUTOMATIC: &[u8] = b"autofs";

/// One mount.
#[derive(Debug)]
pub(super) struct Mount {
    /// The number that the system gave to it.
    pub(super) id: u64,
    /// The file system.
    pub(super) device: String,
    /// What of the file system is mounted.
    pub(super) root: PathBuf,
    /// Where it is mounted.
    pub(super) place: PathBuf,
    /// Whether it mounts others by itself.
    pub(super) automatic: bool,
}

/// Those that there are now, in the order in which they were made. Fails where the system tells of none.
pub(super) fn read() -> io::Result<Vec<Mount>> {
    std::fs::read(MOUNT_TABLE).map(|table| parse(&table))
}

/// Lines like `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw`. Names are bytes.
pub(super) fn parse(table: &[u8]) -> Vec<Mount> {
    let lines = table.split(|byte| *byte == b'\n');
    let parsed = lines.filter_map(|line| {
        let text = |field: &[u8]| std::str::from_utf8(field).ok().map(str::to_owned);
        let mut fields = line.split(|byte| *byte == b' ');
        let id = text(fields.next()?)?.parse().ok()?;
        let device = text(fields.nth(1)?)?;
        let (root, place) = (fields.next()?, fields.next()?);
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        Some(Mount {
            id,
            device,
            root: unescaped(root),
            place: unescaped(place),
            automatic: kind == AUTOMATIC,
        })
    });
    parsed.collect()
}

/// Spaces and the like stand in it as `\040`.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let octal = after.get(..3).filter(|_| *first == b'\\');
        let number = octal.and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bytes_and_one_that_is_no_text_hides_no_other() {
        let table = b"6 5 8:3 /a\\134040 /data/a\\040b rw shared:1 - ext4 /dev/sdc rw\n\
            7 5 8:4 / /data/\xff rw - ext4 /dev/sdd rw\n\
            nonsense\n\
            8 1 0:9 / /net rw - autofs systemd rw\n";
        let mounts = parse(table);
        let seen: Vec<_> = mounts
            .iter()
            .map(|mount| (mount.id, &*mount.device, mount.automatic))
            .collect();
        assert_eq!(
            seen,
            [(6, "8:3", false), (7, "8:4", false), (8, "0:9", true)]
        );
        assert_eq!(
            (&mounts[0].root, &mounts[0].place),
            (&"/a\\040".into(), &"/data/a b".into())
        );
    }
}
