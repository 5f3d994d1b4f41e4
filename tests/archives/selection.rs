//! Which paths go in, and under which names.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::{Value, json};

use super::archive_of;
use crate::harness::{Sidecar, sh};

/// Makes files, with their directories, below `root`.
fn files(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
}

/// What GNU tar lists in the artifact of a run, in the archive's own order.
fn archived(sidecar: &Sidecar) -> Vec<String> {
    sidecar.backup().succeeds();
    let archive = sidecar.artifacts().join("backup.dat");
    let list = sh(&format!(
        "tar --quoting-style=escape -tf '{}'",
        archive.display()
    ))
    .succeeds();
    list.stdout.lines().map(str::to_owned).collect()
}

/// What `paths` and `exclude` choose of a tree with these files.
fn chosen(paths: Value, exclude: Value) -> Vec<String> {
    let sidecar = archive_of(paths).set("strategy.config.exclude", exclude);
    let names = [
        "a.txt",
        "b.log",
        ".hidden.txt",
        "sub/c.txt",
        "sub/deep/d.txt",
        "sub/deep/e.log",
        "sub/.git/config.txt",
        "star*/f.txt",
    ];
    files(&sidecar.workdir(), &names);
    archived(&sidecar)
}

#[test]
fn a_directory_is_taken_whole() {
    let sub = [
        "sub/",
        "sub/.git/",
        "sub/.git/config.txt",
        "sub/c.txt",
        "sub/deep/",
    ];
    let deep = ["sub/deep/d.txt", "sub/deep/e.log"];
    assert_eq!(chosen(json!("sub"), json!([])), [&sub[..], &deep].concat());
    assert_eq!(
        chosen(json!(["s?b/"]), json!([])),
        [&sub[..], &deep].concat()
    );
}

#[test]
fn a_wildcard_matches_neither_a_slash_nor_a_leading_dot() {
    assert_eq!(chosen(json!("*.txt"), json!([])), ["a.txt"]);
    assert_eq!(chosen(json!(".*.txt"), json!([])), [".hidden.txt"]);
    assert_eq!(chosen(json!("[ab].*"), json!([])), ["a.txt", "b.log"]);
    assert_eq!(chosen(json!("star[*]/f*"), json!([])), ["star*/f.txt"]);
}

#[test]
fn two_stars_are_any_number_of_directories() {
    assert_eq!(
        chosen(json!("**/*.txt"), json!([])),
        ["a.txt", "star*/f.txt", "sub/c.txt", "sub/deep/d.txt"]
    );
    assert_eq!(chosen(json!("sub/**/*.log"), json!([])), ["sub/deep/e.log"]);
}

#[test]
fn what_is_excluded_stays_out_with_all_below_it() {
    assert_eq!(
        chosen(json!("sub"), json!(["**/*.log", "sub/.git"])),
        ["sub/", "sub/c.txt", "sub/deep/", "sub/deep/d.txt"]
    );
}

#[test]
fn nothing_goes_in_twice() {
    let paths = json!(["sub/c.txt", "sub/*", "sub/**/*.txt", "./sub//c.txt"]);
    let mut found = chosen(paths, json!([]));
    let all = found.len();
    found.dedup();
    assert_eq!(found.len(), all, "{found:?}");
    assert!(found.contains(&"sub/c.txt".to_owned()), "{found:?}");
}

#[test]
fn names_are_relative_to_base_dir_and_whole_outside_it() {
    let sidecar = Sidecar::new().strategy("file_archive");
    let (base, outside) = (
        sidecar.folder().join("base"),
        sidecar.folder().join("outside"),
    );
    files(&base, &["sub/inside.txt"]);
    files(&outside, &["o.txt"]);
    let whole = outside.to_str().unwrap().trim_start_matches('/').to_owned();
    let sidecar = sidecar
        .set("strategy.config.base_dir", base.to_str().unwrap())
        .set(
            "strategy.config.paths",
            json!(["sub", outside.to_str().unwrap()]),
        );
    assert_eq!(
        archived(&sidecar),
        [
            "sub/",
            "sub/inside.txt",
            &format!("{whole}/"),
            &format!("{whole}/o.txt")
        ]
    );
}

#[test]
fn the_sidecars_own_files_are_never_archived() {
    let sidecar = archive_of(json!(["."]));
    let folder = sidecar.folder().to_owned();
    let again = folder.join("same artifacts");
    symlink(sidecar.artifacts(), &again).unwrap();
    files(
        &folder,
        &[
            "precious",
            "tmp/precious too",
            "tmp/dump.tmp",
            "artifacts/old backup",
        ],
    );
    let base = folder.to_str().unwrap();
    for follow in [false, true] {
        let sidecar = Sidecar::new()
            .strategy("file_archive")
            .set("strategy.config.base_dir", base)
            .set("strategy.config.paths", json!(["."]))
            .set("strategy.config.follow_symlinks", follow)
            .set(
                "paths.artifacts",
                folder.join("artifacts").to_str().unwrap(),
            )
            .set(
                "paths.temp_dump",
                folder.join("tmp/dump.tmp").to_str().unwrap(),
            );
        sidecar.backup().succeeds();
        let archive = folder.join("artifacts/backup.dat");
        let found = sh(&format!("tar -tf '{}'", archive.display()))
            .succeeds()
            .stdout;
        assert!(
            found.contains("./precious\n") || found.contains("\nprecious\n"),
            "{found}"
        );
        assert!(found.contains("tmp/precious too\n"), "{found}");
        for own in ["dump.tmp", "old backup", "backup.dat", ".sidecar"] {
            assert!(
                !found.contains(own),
                "follow_symlinks: {follow}, {own} in\n{found}"
            );
        }
    }
}

#[test]
fn followed_links_that_loop_come_to_an_end() {
    let sidecar = archive_of(json!(["tree"])).set("strategy.config.follow_symlinks", true);
    let tree = sidecar.workdir().join("tree");
    files(&sidecar.workdir(), &["tree/sub/file", "elsewhere/found"]);
    for (name, target) in [
        ("sub/up", ".."),
        ("sub/top", "../../tree"),
        ("self", "self"),
        ("ping", "pong"),
        ("pong", "ping"),
        ("dangling", "nowhere"),
        ("to file", "sub/file"),
        ("to directory", "../elsewhere"),
    ] {
        symlink(target, tree.join(name)).unwrap();
    }
    let sidecar = sidecar.set("strategy.timeout", "30s");
    let found = archived(&sidecar);
    for name in [
        "tree/sub/file",
        "tree/to file",
        "tree/to directory/",
        "tree/to directory/found",
    ] {
        assert!(found.contains(&name.to_owned()), "{name} in {found:?}");
    }
    // What leads nowhere stays a link; what leads back does not go round again.
    let list = format!(
        "tar -tvf '{}'",
        sidecar.artifacts().join("backup.dat").display()
    );
    let list = sh(&list).succeeds().stdout;
    for link in [
        "tree/self -> self",
        "tree/ping -> pong",
        "tree/dangling -> nowhere",
    ] {
        assert!(list.contains(link), "{link} in\n{list}");
    }
    assert!(found.len() < 30, "{found:?}");
    let content = format!(
        "tar -xOf '{}' 'tree/to file'",
        sidecar.artifacts().join("backup.dat").display()
    );
    assert_eq!(sh(&content).succeeds().stdout, "tree/sub/file");
}

#[test]
fn links_are_archived_as_links_unless_told_otherwise() {
    let sidecar = archive_of(json!(["lin*", "file"]));
    files(&sidecar.workdir(), &["file"]);
    symlink("file", sidecar.workdir().join("link")).unwrap();
    sidecar.backup().succeeds();
    let archive = sidecar.artifacts().join("backup.dat");
    let list = sh(&format!("tar -tvf '{}'", archive.display())).succeeds();
    assert!(list.stdout.contains("link -> file"), "{}", list.stdout);
}

#[test]
fn nothing_matched_is_a_failed_run() {
    for paths in [json!(["*.nothing"]), json!(["nowhere", "no/where/**"])] {
        let sidecar = archive_of(paths);
        files(&sidecar.workdir(), &["something"]);
        sidecar.backup().exits(1).stderr_contains("nothing matches");
        assert_eq!(sidecar.files(), ["work/something"]);
    }
    // One of several is enough.
    let sidecar = archive_of(json!(["something", "nowhere"]));
    files(&sidecar.workdir(), &["something"]);
    sidecar.backup().exits(1).stderr_contains("nowhere");
}

#[test]
fn everything_excluded_is_a_failed_run() {
    let sidecar = archive_of(json!(["*"])).set("strategy.config.exclude", json!(["*"]));
    files(&sidecar.workdir(), &["something"]);
    sidecar.backup().exits(1);
    assert_eq!(sidecar.artifact(), None);
}

#[test]
fn what_cannot_be_read_fails_the_run_and_is_named() {
    const NOBODY: u32 = 65534;
    let sidecar = archive_of(json!(["tree"]));
    files(&sidecar.workdir(), &["tree/open", "tree/secret"]);
    let closed = fs::Permissions::from_mode(0o000);
    fs::set_permissions(sidecar.workdir().join("tree/secret"), closed).unwrap();
    if !rustix::process::geteuid().is_root() {
        sidecar.backup().exits(1).stderr_contains("tree/secret");
        return;
    }
    sidecar
        .user(NOBODY)
        .backup()
        .exits(1)
        .stderr_contains("tree/secret");
}

#[test]
fn the_artifact_is_read_only() {
    let sidecar = archive_of(json!(["file"]));
    files(&sidecar.workdir(), &["file"]);
    // Also over an earlier one.
    for _ in 0..2 {
        sidecar.backup().succeeds();
        let artifact = sidecar.artifacts().join("backup.dat");
        let mode = fs::metadata(artifact).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o444);
    }
}

#[test]
fn a_link_that_the_operator_names_is_what_it_leads_to() {
    for format in ["tar", "zip"] {
        let elsewhere = tempfile::tempdir().unwrap();
        files(elsewhere.path(), &["volume/deep/file", "volume/letter"]);
        symlink("letter", elsewhere.path().join("volume/inner")).unwrap();
        let [folder, file] = ["folder", "file"].map(|name| elsewhere.path().join(name));
        symlink("volume", &folder).unwrap();
        symlink("volume/letter", &file).unwrap();
        let sidecar = archive_of(json!([folder, file]))
            .set(
                "strategy.config.base_dir",
                elsewhere.path().to_str().unwrap(),
            )
            .set("strategy.config.format", format);
        sidecar.check().succeeds();
        sidecar.backup().succeeds();
        let into = sidecar.folder().join("into");
        std::fs::create_dir(&into).unwrap();
        sidecar
            .run(&["restore", "latest", "--into", into.to_str().unwrap()])
            .succeeds();
        let read = |name: &str| std::fs::read_to_string(into.join(name)).unwrap();
        assert_eq!(read("folder/deep/file"), "volume/deep/file");
        assert_eq!(read("file"), "volume/letter");
        assert!(!into.join("folder").is_symlink() && !into.join("file").is_symlink());
        // What is found there stays a link.
        assert!(into.join("folder/inner").is_symlink());
    }
}

#[test]
fn a_link_that_leads_out_of_the_work_directory_or_nowhere_fails_with_a_hint() {
    let elsewhere = tempfile::tempdir().unwrap();
    files(elsewhere.path(), &["file"]);
    for (target, hint) in [
        (elsewhere.path().to_str().unwrap(), "follow_symlinks"),
        ("nowhere", "leads nowhere"),
    ] {
        let sidecar = archive_of(json!(["link", "there"]));
        files(&sidecar.workdir(), &["there"]);
        symlink(target, sidecar.workdir().join("link")).unwrap();
        sidecar.check().exits(3).stderr_contains(hint);
        sidecar.backup().exits(1).stderr_contains(hint);
        assert_eq!(sidecar.artifact(), None);
    }
}
