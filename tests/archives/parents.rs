//! What a restore makes of directories, owners and names beside what was chosen.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::tree::may_change_owners;
use crate::harness::{Finished, Sidecar, skip};

/// A backup of `names`, which are files below the working directory; those that end in `/` are directories.
fn backup(names: &[&str], format: &str) -> Sidecar {
    let sidecar = Sidecar::new()
        .strategy("file_archive")
        .set("strategy.config", json!({"paths": ["*"], "format": format}));
    for name in names {
        let path = sidecar.workdir().join(name);
        match name.ends_with('/') {
            true => fs::create_dir_all(&path).unwrap(),
            false => fs::write(&path, format!("of {name}")).unwrap(),
        }
    }
    sidecar
}

fn restore(sidecar: &Sidecar, into: &Path, more: &[&str]) -> Finished {
    let latest = ["restore", "latest", "--into", into.to_str().unwrap()];
    sidecar.run(&[&latest[..], more].concat())
}

fn close(path: PathBuf, mode: u32, owner: u32) {
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    if may_change_owners() {
        chown(&path, Some(owner), Some(owner)).unwrap();
    }
}

/// Mode and owner.
fn facts(path: &Path) -> (u32, u32) {
    let facts = fs::symlink_metadata(path).unwrap();
    (facts.mode() & 0o7777, facts.uid())
}

#[test]
fn parents_of_what_was_chosen_are_as_closed_as_they_were() {
    for format in ["tar", "zip"] {
        let sidecar = backup(&["private/", "private/deep/", "private/deep/key"], format);
        close(sidecar.workdir().join("private"), 0o700, 1234);
        close(sidecar.workdir().join("private/deep"), 0o750, 1235);
        sidecar.backup().succeeds();
        let into = sidecar.folder().join("into");
        let chosen = [
            "--only",
            "private/deep/key",
            "--only",
            "private/deep/key=new/way/key",
        ];
        restore(&sidecar, &into, &chosen[..2]).succeeds();
        for name in ["private", "private/deep"] {
            assert_eq!(
                facts(&into.join(name)),
                facts(&sidecar.workdir().join(name)),
                "{name}"
            );
        }
        // Ways that the archive does not know are for the owner alone.
        restore(&sidecar, &into, &chosen[2..]).succeeds();
        for name in ["new", "new/way"] {
            assert_eq!(facts(&into.join(name)).0, 0o700, "{name}");
        }
        assert_eq!(
            fs::read(into.join("new/way/key")).unwrap(),
            b"of private/deep/key"
        );
    }
}

#[test]
fn a_directory_that_is_there_stays_as_it_is_unless_it_is_replaced() {
    let sidecar = backup(&["d/", "d/f", "d/inner/", "d/inner/g"], "tar");
    close(sidecar.workdir().join("d"), 0o755, 1234);
    sidecar.backup().succeeds();
    close(sidecar.workdir().join("d"), 0o700, 1235);
    let [d, inner] = ["d", "d/inner"].map(|name| sidecar.workdir().join(name));
    let closed = facts(&d);
    let changed = || fs::metadata(&d).unwrap().modified().unwrap();
    let before = changed();
    // Files are there: nothing is replaced. One is missing: it comes back.
    sidecar.run(&["restore", "latest"]).exits(1);
    assert_eq!((facts(&d), changed()), (closed, before));
    fs::remove_file(d.join("f")).unwrap();
    let before = changed();
    sidecar
        .run(&["restore", "latest", "--only", "d/f"])
        .succeeds();
    assert_eq!((facts(&d), changed()), (closed, before));
    // Replacing a file below it is not replacing it; replacing it is.
    let inside = ["restore", "latest", "--only", "d/inner/g", "--replace"];
    sidecar.run(&inside).succeeds();
    assert_eq!((facts(&d), changed()), (closed, before));
    let owner = facts(&inner).1;
    sidecar
        .run(&["restore", "latest", "--only", "d", "--replace"])
        .succeeds();
    let expected = if may_change_owners() { 1234 } else { owner };
    assert_eq!(facts(&d), (0o755, expected));
}

#[test]
fn owners_that_cannot_be_set_are_counted_and_told() {
    if !may_change_owners() {
        return skip("owners_that_cannot_be_set", "only root may give files away");
    }
    let sidecar = backup(&["a", "d/", "d/b"], "tar");
    for (name, mode) in [("a", 0o644), ("d", 0o755), ("d/b", 0o4755)] {
        let path = sidecar.workdir().join(name);
        chown(&path, Some(1234), Some(1234)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    sidecar.backup().succeeds();
    let into = sidecar.folder().join("into");
    fs::create_dir(&into).unwrap();
    fs::set_permissions(&into, Permissions::from_mode(0o777)).unwrap();
    for folder in ["artifacts", "artifacts/.sidecar", "cache"] {
        let all = format!(
            "chown -R 65534:65534 '{}'",
            sidecar.folder().join(folder).display()
        );
        crate::harness::sh(&all).succeeds();
    }
    let other = sidecar.user(65534);
    let told = "the owner of 3 entries is not set, the first a: they belong to user 65534";
    for replace in [&[][..], &["--replace"]] {
        restore(&other, &into, replace)
            .succeeds()
            .stdout_contains(told)
            .stdout_contains("1 of them lost setuid or setgid");
    }
    assert_eq!(facts(&into.join("d/b")), (0o755, 65534));
}

#[test]
fn a_name_with_an_equals_sign_can_be_chosen() {
    for format in ["tar", "zip"] {
        let sidecar = backup(&["a", "a=b", "c", "d=e/", "d=e/f"], format);
        sidecar.backup().succeeds();
        let into = sidecar.folder().join("into");
        let read = |name: &str| fs::read_to_string(into.join(name)).ok();
        restore(&sidecar, &into, &["--only", "a=b"]).succeeds();
        assert_eq!((read("a=b"), read("b")), (Some("of a=b".into()), None));
        restore(&sidecar, &into, &["--only", "d=e"]).succeeds();
        assert_eq!(read("d=e/f"), Some("of d=e/f".into()));
        restore(&sidecar, &into, &["--only", "c=x"]).succeeds();
        assert_eq!(read("x"), Some("of c".into()));
        restore(&sidecar, &into, &["--only", r"a\=b=y\=z"]).succeeds();
        assert_eq!(read("y=z"), Some("of a=b".into()));
    }
}

#[test]
fn a_name_that_is_a_pattern_too_means_itself_where_it_is_there() {
    for format in ["tar", "zip"] {
        let sidecar = backup(
            &["a[1].txt", "a1.txt", "a2.txt", "d*/", "d*/f", "dx/", "dx/f"],
            format,
        );
        sidecar.backup().succeeds();
        let into = sidecar.folder().join("into");
        let read = |name: &str| fs::read_to_string(into.join(name)).ok();
        restore(&sidecar, &into, &["--only", "a[1].txt", "--only", "d*"]).succeeds();
        assert_eq!(
            (read("a[1].txt"), read("a1.txt")),
            (Some("of a[1].txt".into()), None)
        );
        assert_eq!((read("d*/f"), read("dx/f")), (Some("of d*/f".into()), None));
        restore(&sidecar, &into, &["--only", "a[2].txt"]).succeeds();
        assert_eq!(read("a2.txt"), Some("of a2.txt".into()));
    }
}

#[test]
fn over_http_names_are_fields_and_mean_what_they_say() {
    let sidecar = backup(&["a", "a=b"], "tar");
    sidecar.backup().succeeds();
    let into = sidecar.folder().join("into");
    let sidecar = sidecar.set("restore.targets", json!([{"name": "beside", "into": into}]));
    let server = sidecar.serve();
    let body = json!({"only": [{"name": "a", "new_name": "b"}], "into": into});
    let answer = crate::harness::Answer::send(
        &format!("{}/backup/restore", server.url),
        crate::harness::TOKEN,
        &body,
    );
    let over = server.over(answer.json()["status_url"].as_str().unwrap());
    assert_eq!(over["state"], "succeeded", "{over}");
    assert_eq!(fs::read(into.join("b")).unwrap(), b"of a");
    assert!(!into.join("a=b").exists());
}

#[test]
fn what_a_killed_restore_left_is_in_no_backup() {
    let leftovers = [
        ".sidecar-new-0123456789/",
        ".sidecar-new-0123456789/x",
        ".sidecar-part-abcdefghij",
        ".sidecar-notes",
    ];
    let sidecar = backup(&[&["a"][..], &leftovers].concat(), "tar")
        .set("strategy.config", json!({"paths": ["."], "format": "tar"}));
    sidecar.backup().succeeds();
    let into = sidecar.folder().join("into");
    restore(&sidecar, &into, &[]).succeeds();
    let names = fs::read_dir(&into).unwrap().flatten();
    let mut names: Vec<_> = names
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".sidecar-notes", "a"]);
}
