//! A tree with everything odd that a file system holds.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use crate::harness::mkfifo;

/// Whether we may give files away. Without it the tree has one owner only.
pub(super) fn may_change_owners() -> bool {
    rustix::process::geteuid().is_root()
}

/// Builds it in the empty folder `root`.
pub(crate) fn build(root: &Path) {
    contents(root);
    names(root);
    links(root);
    modes(root);
    if may_change_owners() {
        owners(root);
    }
    mkfifo(&root.join("fifo"));
    // The socket outlives its listener.
    let old = std::env::current_dir().unwrap();
    std::env::set_current_dir(root).unwrap();
    drop(UnixListener::bind("socket").unwrap());
    std::env::set_current_dir(old).unwrap();
    times(root);
}

fn write(root: &Path, name: impl AsRef<OsStr>, content: &[u8]) -> PathBuf {
    let path = root.join(name.as_ref());
    fs::write(&path, content).unwrap();
    path
}

/// Sizes around a tar's block and a zip's piece; bytes that do not compress, and bytes that do.
fn contents(root: &Path) {
    let folder = root.join("contents");
    fs::create_dir(&folder).unwrap();
    for size in [0, 1, 511, 512, 513, 262_143, 262_144, 262_145, 1_300_000] {
        // A linear congruential generator's upper bits: the same bytes each time.
        let noise: Vec<u8> = (0..size)
            .scan(size as u32, |state, _| {
                *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                Some((*state >> 24) as u8)
            })
            .collect();
        write(&folder, format!("noise-{size}"), &noise);
    }
    write(
        &folder,
        "text",
        &b"the same line again and again\n".repeat(10_000),
    );
    let sparse = fs::File::create(folder.join("sparse")).unwrap();
    sparse.set_len(5_000_000).unwrap();
    fs::create_dir(root.join("empty directory")).unwrap();
}

/// Names that break what believes that names are words.
fn names(root: &Path) {
    let folder = root.join("names");
    fs::create_dir(&folder).unwrap();
    let words = [
        " leading and trailing ",
        "-rf",
        "--checkpoint-action=exec=false",
        "a\nnewline",
        "a\ttab",
        "a\u{1}control",
        "quotes ' and \"",
        "back\\slash",
        "star*?[x]{y}",
        "$HOME `id`",
        "colon: C:",
        ".hidden",
        "...",
        "grüße",
        "gru\u{308}ße decomposed",
        "日本語 🗄",
    ];
    for word in words {
        write(&folder, word, word.as_bytes());
    }
    for length in [99, 100, 101, 155, 156, 254, 255] {
        write(&folder, "n".repeat(length), b"long");
        let text = "ä".repeat(length / 2);
        write(
            &folder,
            format!("{text}{}", "x".repeat(length % 2)),
            b"long, in two bytes each",
        );
    }
    // Longer than a ustar name, than its prefix, and than 1,024 bytes.
    let mut deep = folder;
    for part in ["d", "e", "f", "g", "h"] {
        deep.push(part.repeat(251));
        fs::create_dir(&deep).unwrap();
        write(&deep, "leaf", part.as_bytes());
    }
    let bytes = root.join(OsStr::from_bytes(b"not utf-8 \xe9\xff"));
    fs::create_dir(&bytes).unwrap();
    write(&bytes, OsStr::from_bytes(b"caf\xe9"), b"latin-1");
    write(
        &bytes,
        OsStr::from_bytes(&b"\xe9".repeat(200)),
        b"latin-1, long",
    );
    write(&bytes, OsStr::from_bytes(b"\xc3"), b"half a character");
}

fn links(root: &Path) {
    let folder = root.join("links");
    fs::create_dir(&folder).unwrap();
    let long = "x/".repeat(120);
    let targets: [(&str, &[u8]); 7] = [
        ("relative", b"../contents/text"),
        ("directory", b"../contents"),
        ("dangling", b"nowhere"),
        ("absolute", b"/etc/passwd"),
        ("itself", b"itself"),
        ("long", long.as_bytes()),
        ("not utf-8", b"caf\xe9/\xff"),
    ];
    for (name, target) in targets {
        symlink(OsStr::from_bytes(target), folder.join(name)).unwrap();
    }
    let first = write(&folder, "hard 1", b"one file, three names");
    fs::hard_link(&first, folder.join("hard 2")).unwrap();
    fs::hard_link(&first, root.join("empty directory/../hard 3")).unwrap();
    let bytes = write(
        &folder,
        OsStr::from_bytes(b"hard \xe9"),
        b"two names that are no text",
    );
    fs::hard_link(&bytes, folder.join(OsStr::from_bytes(&b"\xea".repeat(150)))).unwrap();
    let empty = write(&folder, "hard empty", b"");
    fs::hard_link(&empty, folder.join("hard empty too")).unwrap();
}

fn modes(root: &Path) {
    let folder = root.join("modes");
    fs::create_dir(&folder).unwrap();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for bits in [0o4755, 0o2755, 0o1644, 0o7777, 0o6711, 0o000, 0o400, 0o666] {
        mode(&write(&folder, format!("file {bits:04o}"), b"x"), bits);
        let directory = folder.join(format!("directory {bits:04o}"));
        fs::create_dir(&directory).unwrap();
        write(&directory, "inside", b"x");
        // Their owner must be able to read them here.
        mode(&directory, bits | 0o500);
    }
    if !may_change_owners() {
        mode(&folder.join("file 0000"), 0o400);
    }
}

fn owners(root: &Path) {
    let folder = root.join("owners");
    fs::create_dir(&folder).unwrap();
    // An id of a ustar header, the first that is too large for it, and one above 31 bits.
    for id in [12_345, 1 << 21, 3_000_000_000_u32] {
        let file = write(&folder, format!("file of {id}"), b"x");
        let directory = folder.join(format!("directory of {id}"));
        let link = folder.join(format!("link of {id}"));
        fs::create_dir(&directory).unwrap();
        symlink("x", &link).unwrap();
        for path in [&file, &directory, &link] {
            lchown(path, Some(id), Some(id - 1)).unwrap();
        }
    }
    // Changing the owner takes these bits away: they come after.
    let both = write(&folder, "setuid of 12345", b"x");
    lchown(&both, Some(12_345), Some(54_321)).unwrap();
    fs::set_permissions(&both, fs::Permissions::from_mode(0o6755)).unwrap();
}

/// Gives everything a time of its own, with nanoseconds, and some a strange one.
fn times(root: &Path) {
    let mut all = Vec::new();
    below(root, &mut all);
    // Seconds and nanoseconds: 1970, before it, and after 2038.
    let strange = [
        (0, 0),
        (-2, 500_000_000),
        (-1_000_000_000, 0),
        (6_000_000_000, 1),
    ];
    for (index, path) in all.iter().enumerate() {
        let index = i64::try_from(index).unwrap();
        set_time(
            path,
            1_700_000_000 + index * 3601,
            (index * 1_230_000 + 4_321) % 1_000_000_000,
        );
    }
    let folder = root.join("contents");
    for (index, (seconds, nanoseconds)) in strange.into_iter().enumerate() {
        let path = folder.join(format!("noise-{}", [0, 1, 511, 512][index]));
        set_time(&path, seconds, nanoseconds);
    }
}

fn set_time(path: &Path, tv_sec: i64, tv_nsec: i64) {
    let time = Timespec { tv_sec, tv_nsec };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// `path` and all below it, a directory after what is in it.
fn below(path: &Path, found: &mut Vec<PathBuf>) {
    if fs::symlink_metadata(path).unwrap().is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| below(entry, found));
    }
    found.push(path.to_owned());
}
