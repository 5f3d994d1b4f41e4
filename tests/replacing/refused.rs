//! What is found before anything is replaced, or leaves all as it was.

use std::fs;

use super::scene::{Scene, copy};
use crate::archives::facts::Tree;
use crate::harness::{Sidecar, Tmpfs, sh, skip};

#[test]
fn one_thing_that_fails_keeps_all_from_being_replaced() {
    let scene = Scene::new(&["data", "more", "top"]);
    // A directory is never replaced by a file.
    fs::remove_file(scene.app.join("data/inner/c")).unwrap();
    fs::create_dir(scene.app.join("data/inner/c")).unwrap();
    let before = Tree::of(&scene.app);
    scene
        .restore(&[])
        .exits(1)
        .stdout_contains("data/inner/c is there already")
        .stderr_contains("what was there is as it was");
    Tree::of(&scene.app).is(&before, "a directory in the way");
    let chosen = ["--only", "data/a", "--only", "data/nothing"];
    scene.restore(&chosen).exits(1);
    Tree::of(&scene.app).is(&before, "a name that is not there");
    scene.next_run();
}

#[test]
fn a_full_disk_changes_nothing() {
    let sidecar = Sidecar::new();
    let app = sidecar.folder().join("app");
    let tmpfs = match Tmpfs::mount(&app, "1M") {
        Ok(tmpfs) => tmpfs,
        Err(why) => return skip("a_full_disk_changes_nothing", &why),
    };
    let scene = Scene::at(sidecar, app, &["*"]);
    // What is left is not enough for all, and enough for some.
    let fills = scene.app.join("data/fills.log");
    let full = sh(&format!("head -c 2M /dev/zero > '{}'", fills.display()));
    assert_ne!(full.code, Some(0));
    let size = fs::metadata(&fills).unwrap().len();
    let file = fs::File::options().write(true).open(&fills).unwrap();
    file.set_len(size - (24 << 10)).unwrap();
    let before = Tree::of(&scene.app);
    scene
        .restore(&[])
        .exits(1)
        .stderr_contains("bytes are needed in");
    scene.found().is(&before, "found before");
    scene.restore(&["--accept", "space"]).exits(1);
    scene.found().is(&before, "found while it was built");
    scene.next_run();
    drop(tmpfs);
}

#[test]
fn too_few_inodes_are_found_before() {
    let sidecar = Sidecar::new();
    let app = sidecar.folder().join("app");
    let tmpfs = match Tmpfs::mount(&app, "1M,nr_inodes=60") {
        Ok(tmpfs) => tmpfs,
        Err(why) => return skip("too_few_inodes_are_found_before", &why),
    };
    let scene = Scene::at(sidecar, app, &["*"]);
    for number in 0.. {
        if fs::write(scene.app.join(format!("data/{number}.log")), "").is_err() {
            break;
        }
    }
    for number in 0..8 {
        fs::remove_file(scene.app.join(format!("data/{number}.log"))).unwrap();
    }
    let before = Tree::of(&scene.app);
    scene
        .restore(&[])
        .exits(1)
        .stderr_contains("inodes are needed in");
    scene.found().is(&before, "no inodes");
    drop(tmpfs);
}

#[test]
fn a_child_that_cannot_be_written_changes_nothing_else() {
    let scene = Scene::new(&["data", "more", "top"]);
    let child = scene.app.join("more");
    let aside = scene.sidecar.folder().join("aside of more");
    copy(&child, &aside);
    let tmpfs = match Tmpfs::mount(&child, "1M") {
        Ok(tmpfs) => tmpfs,
        Err(why) => return skip("a_child_that_cannot_be_written", &why),
    };
    copy(&aside, &child);
    // Another mount: it is replaced as well, with the rest.
    scene.restore(&[]).succeeds();
    assert_eq!(
        fs::read_to_string(child.join("e")).unwrap(),
        "e".repeat(5000)
    );
    fs::write(child.join("e"), "newest").unwrap();
    fs::write(scene.app.join("top"), "newest").unwrap();
    sh(&format!("mount -o remount,ro '{}'", child.display())).succeeds();
    let before = Tree::of(&scene.app);
    scene.restore(&[]).exits(1);
    scene.found().is(&before, "a read-only child");
    drop(tmpfs);
}

#[test]
fn what_its_owner_has_fixed_is_not_got_round() {
    let scene = Scene::new(&["*"]);
    let fixed = scene.app.join("data/inner/c");
    let set = |flag: &str| sh(&format!("chattr {flag} '{}'", fixed.display())).code;
    if set("+i") != Some(0) {
        return skip("what_its_owner_has_fixed", "no chattr on this file system");
    }
    let ended = scene.restore(&[]);
    scene.is_old("a file that must not change");
    scene.next_run();
    assert_eq!(set("-i"), Some(0));
    ended.exits(1).stderr_contains("Operation not permitted");
}
