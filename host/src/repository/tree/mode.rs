//! Modes, as restic has them: those of Go (<https://pkg.go.dev/io/fs#FileMode>). The permissions are the same
//! as in POSIX; setuid, setgid, sticky and the kind lie elsewhere.

use rustix::fs::FileType;

/// In POSIX, and in Go.
const SPECIAL: [(u32, u32); 3] = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)];
const DIRECTORY: u32 = 1 << 31;
const SYMLINK: u32 = 1 << 27;
const FIFO: u32 = 1 << 25;

/// Of what `stat` has in `st_mode`.
pub(super) fn to_go(mode: u32) -> u32 {
    let kind = match FileType::from_raw_mode(mode) {
        FileType::Directory => DIRECTORY,
        FileType::Symlink => SYMLINK,
        FileType::Fifo => FIFO,
        _ => 0,
    };
    let special = SPECIAL.iter().filter(|(posix, _)| mode & posix != 0);
    special.fold(mode & 0o777 | kind, |mode, (_, go)| mode | go)
}

/// The permissions, with setuid, setgid and sticky.
pub(super) fn from_go(mode: u32) -> u32 {
    let special = SPECIAL.iter().filter(|(_, go)| mode & go != 0);
    special.fold(mode & 0o777, |mode, (posix, _)| mode | posix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_come_back_as_they_were() {
        for mode in [0, 0o644, 0o4755, 0o2710, 0o1777, 0o7777] {
            assert_eq!(from_go(to_go(mode | 0o100_000)), mode);
        }
        assert_eq!(to_go(0o104_755), 1 << 23 | 0o755);
        assert_eq!(to_go(0o041_777), 1 << 31 | 1 << 20 | 0o777);
        assert_eq!(to_go(0o120_777), 1 << 27 | 0o777);
        assert_eq!(to_go(0o010_600), 1 << 25 | 0o600);
    }
}
