//! Extended attributes, POSIX ACLs, capabilities, holes and times: back as they were, or said.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Timespec, Timestamps, XattrFlags, lgetxattr, llistxattr, setxattr, utimensat,
};
use serde_json::Value;

use super::archive_of;
use crate::harness::{Sidecar, Tmpfs, sh, skip};

/// `cap_net_raw+ep`, as Linux stores it.
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// An ACL that gives one more user `permissions`.
fn acl(user: u32, permissions: u8) -> Vec<u8> {
    let entry = |tag: u8, id: u32, permissions: u8| {
        let id = id.to_le_bytes();
        [tag, 0, permissions, 0, id[0], id[1], id[2], id[3]]
    };
    let no_id = u32::MAX;
    let entries = [
        entry(0x01, no_id, 6),
        entry(0x02, user, permissions),
        entry(0x04, no_id, 4),
        entry(0x10, no_id, 6),
        entry(0x20, no_id, 0),
    ];
    [&[2, 0, 0, 0][..], &entries.concat()].concat()
}

/// Files with attributes that an archive could lose. None, with the reason, where there cannot be any.
pub(crate) fn build(root: &Path) -> Result<(), String> {
    fs::create_dir(root).unwrap();
    fs::create_dir(root.join("directory")).unwrap();
    for name in ["note", "acl", "tool", "locked", "directory/inside"] {
        fs::write(root.join(name), name).unwrap();
    }
    let set = |name: &str, attribute: &[u8], value: &[u8]| {
        let set = setxattr(
            root.join(name),
            OsStr::from_bytes(attribute),
            value,
            XattrFlags::empty(),
        );
        set.map_err(|error| format!("no attributes on this file system: {error}"))
    };
    set("note", b"user.note", b"line\nline\n7 a=b\n\0\xff")?;
    set("note", b"user.a=b%3Dc", b"")?;
    set("note", b"user.large", &[b'x'; 3000])?;
    set("locked", b"user.note", b"read-only")?;
    set("acl", b"system.posix_acl_access", &acl(65_534, 6))?;
    set("directory", b"user.note", b"of a directory")?;
    set("directory", b"system.posix_acl_access", &acl(7, 6))?;
    set("directory", b"system.posix_acl_default", &acl(7, 4))?;
    if rustix::process::geteuid().is_root() {
        set("tool", b"security.capability", CAPABILITY)?;
        set("tool", b"trusted.note", b"of root")?;
    }
    fs::set_permissions(root.join("locked"), Permissions::from_mode(0o440)).unwrap();
    fs::hard_link(root.join("note"), root.join("same note")).unwrap();
    Ok(())
}

pub(crate) type Attributes = BTreeMap<(String, Vec<u8>), Vec<u8>>;

/// Every attribute below `root`, by name of the file and of the attribute.
pub(crate) fn attributes(root: &Path) -> Attributes {
    let mut found = Attributes::new();
    let list = sh(&format!("cd '{}' && find . | sort", root.display())).succeeds();
    for name in list.stdout.lines() {
        let path = root.join(name);
        let mut names = vec![0; 65_536];
        let length = llistxattr(&path, &mut names[..]).unwrap();
        for attribute in names[..length]
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
        {
            let mut value = vec![0; 65_536];
            let length = lgetxattr(&path, OsStr::from_bytes(attribute), &mut value[..]).unwrap();
            value.truncate(length);
            found.insert((name.to_owned(), attribute.to_vec()), value);
        }
    }
    found
}

fn archived(format: &str) -> Option<(Sidecar, Attributes)> {
    let sidecar = archive_of(".").set("strategy.config.format", format);
    let root = sidecar.folder().join("tree");
    if let Err(why) = build(&root) {
        skip("archives::attributes", &why);
        return None;
    }
    let sidecar = sidecar.set("strategy.config.base_dir", root.to_str().unwrap());
    let before = attributes(&root);
    assert!(before.len() >= 9, "{before:?}");
    Some((sidecar, before))
}

fn restored(sidecar: &Sidecar, name: &str) -> (std::path::PathBuf, crate::harness::Finished) {
    let into = sidecar.folder().join(name);
    let run = sidecar.run(&["restore", "latest", "--into", into.to_str().unwrap()]);
    (into, run)
}

#[test]
fn attributes_acls_and_capabilities_come_back() {
    let Some((sidecar, before)) = archived("tar") else {
        return;
    };
    sidecar.backup().succeeds();
    let (into, run) = restored(&sidecar, "into");
    run.succeeds().never_says("attribute");
    assert_eq!(attributes(&into), before);
    // A file in a directory with a default ACL has not inherited it.
    assert!(
        !attributes(&into)
            .keys()
            .any(|(name, _)| name.ends_with("inside"))
    );
    let mode = |name: &str| fs::metadata(into.join(name)).unwrap().mode() & 0o7777;
    assert_eq!((mode("locked"), mode("acl")), (0o440, 0o660));
}

#[test]
fn other_tars_read_them() {
    let Some((sidecar, before)) = archived("tar") else {
        return;
    };
    sidecar.backup().succeeds();
    let archive = sidecar.artifacts().join("backup.dat");
    let archive = archive.display();
    for (name, line) in [
        (
            "gnu",
            format!("tar -xpf '{archive}' --xattrs --xattrs-include='*' --acls"),
        ),
        ("bsd", format!("bsdtar -xpf '{archive}' --xattrs --acls")),
    ] {
        let into = sidecar.folder().join(name);
        fs::create_dir(&into).unwrap();
        sh(&format!("cd '{}' && {line}", into.display())).succeeds();
        // libarchive takes an escaped name as it is.
        let comparable = |all: Attributes| -> Attributes {
            all.into_iter()
                .filter(|((_, name), _)| !name.starts_with(b"user.a"))
                .collect()
        };
        assert_eq!(
            comparable(attributes(&into)),
            comparable(before.clone()),
            "{name}"
        );
    }
}

#[test]
fn a_zip_says_that_it_has_none() {
    let Some((sidecar, _)) = archived("zip") else {
        return;
    };
    sidecar.backup().succeeds().stderr_contains("ACLs");
    let manifest = sidecar.artifacts().join(".sidecar/published.manifest.json");
    let manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    assert_eq!(manifest["omissions"][0]["code"], "not-supported");
    let (into, run) = restored(&sidecar, "into");
    run.succeeds();
    assert_eq!(fs::read(into.join("note")).unwrap(), b"note");
}

#[test]
fn a_restore_says_which_attributes_it_may_not_set() {
    if !rustix::process::geteuid().is_root() {
        skip("archives::attributes", "only root may become another user");
        return;
    }
    let Some((sidecar, before)) = archived("tar") else {
        return;
    };
    sidecar.backup().succeeds();
    let owner = format!("chown -R 10001:10001 '{}'", sidecar.folder().display());
    sh(&owner).succeeds();
    let sidecar = sidecar.user(10_001);
    let (into, run) = restored(&sidecar, "into");
    run.succeeds()
        .stdout_contains("without 2 extended attributes")
        .stderr_contains("security.capability of tool")
        .stderr_contains("trusted.note of tool");
    let roots_alone = |name: &[u8]| name.starts_with(b"security.") || name.starts_with(b"trusted.");
    let expected: Attributes = before
        .into_iter()
        .filter(|((_, name), _)| !roots_alone(name))
        .collect();
    let found: Attributes = attributes(&into)
        .into_iter()
        .filter(|((_, name), _)| !roots_alone(name))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn holes_come_back_as_holes() {
    const MIB: u64 = 1 << 20;
    for format in ["tar", "zip"] {
        let sidecar = archive_of("disk.img").set("strategy.config.format", format);
        let disk = sidecar.workdir().join("disk.img");
        let mut file = File::create(&disk).unwrap();
        for at in [0, 70 * MIB + 5] {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(b"data").unwrap();
        }
        file.set_len(100 * MIB + 3).unwrap();
        sidecar.backup().succeeds();
        let (into, run) = restored(&sidecar, "into");
        run.succeeds();
        let back = into.join("disk.img");
        let taken = fs::metadata(&back).unwrap().blocks() * 512;
        assert!(taken < MIB, "{format}: {taken} bytes on the disk");
        sh(&format!("cmp '{}' '{}'", disk.display(), back.display())).succeeds();
    }
}

/// Seconds and nanoseconds of times from 1900 to 2400.
const TIMES: [(i64, i64); 11] = [
    (-2_208_902_400, 0),
    (-86_401, 999_999_999),
    (-1, 500_000_000),
    (0, 0),
    (315_446_400, 0),
    (2_145_830_400, 123_456_789),
    (2_222_000_000, 1),
    (4_354_732_800, 0),
    (7_258_118_400, 0),
    ((1 << 33) - 1, 999_999_999),
    (13_569_465_600, 250_000_000),
];

#[test]
fn times_from_1900_to_2400_come_back() {
    for format in ["tar", "zip"] {
        let sidecar = archive_of(".").set("strategy.config.format", format);
        let place = sidecar.folder().join("any time");
        let _mounted = match Tmpfs::mount(&place, "8M") {
            Ok(mounted) => mounted,
            Err(why) => return skip("archives::attributes", &why),
        };
        let (root, into) = (place.join("tree"), place.join("into"));
        fs::create_dir(&root).unwrap();
        for (index, (seconds, nanoseconds)) in TIMES.into_iter().enumerate() {
            let path = root.join(index.to_string());
            fs::write(&path, "x").unwrap();
            let time = Timespec {
                tv_sec: seconds,
                tv_nsec: nanoseconds,
            };
            let times = Timestamps {
                last_access: time,
                last_modification: time,
            };
            utimensat(CWD, &path, &times, AtFlags::empty()).unwrap();
        }
        let sidecar = sidecar.set("strategy.config.base_dir", root.to_str().unwrap());
        sidecar.backup().succeeds();
        let restore = ["restore", "latest", "--into", into.to_str().unwrap()];
        sidecar.run(&restore).succeeds();
        for (index, (seconds, nanoseconds)) in TIMES.into_iter().enumerate() {
            let facts = fs::metadata(into.join(index.to_string())).unwrap();
            let found = (facts.mtime(), facts.mtime_nsec());
            match format {
                "tar" => assert_eq!(found, (seconds, nanoseconds)),
                _ => assert_eq!(found.0, seconds, "{format}"),
            }
        }
    }
}
