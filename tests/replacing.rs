//! `restore --replace` of files: the old tree or the new one, whole, whatever happens on the way.

mod killed;
mod meanwhile;
mod refused;
mod scene;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use crate::harness::{sh, skip};
use scene::Scene;

#[test]
fn what_the_backup_names_is_replaced_and_the_rest_stays() {
    let scene = Scene::new(&["data", "more", "top"]);
    let [before, inode] =
        [&scene.app, &scene.app.join("data")].map(|path| fs::metadata(path).unwrap().ino());
    scene.restore(&[]).succeeds();
    scene.is_new("replaced");
    let read = |name: &str| fs::read_to_string(scene.app.join(name)).unwrap();
    assert_eq!(read("data/a"), "a".repeat(5000));
    assert_eq!(read("data/gone"), "gone".repeat(5000));
    assert_eq!(read("data/inner/a too"), "a".repeat(5000));
    for (name, text) in [
        ("data/not named", "since the backup"),
        ("data/x.log", "excluded"),
        ("data/own/again", "not in the backup"),
    ] {
        assert_eq!(read(name), text, "{name}");
    }
    let facts = |name: &str| fs::metadata(scene.app.join(name)).unwrap();
    assert_eq!(facts("data/inner").mode() & 0o7777, 0o750);
    assert_eq!(facts("data/own").mode() & 0o7777, 0o711);
    assert_eq!(facts("data/own/file").ino(), facts("data/own/again").ino());
    // All of it in one moment.
    assert_ne!(fs::metadata(&scene.app).unwrap().ino(), before);
    assert_ne!(facts("data").ino(), inode);
    scene.next_run();
}

#[test]
fn chosen_files_are_exchanged_alone_and_all_or_none_of_them() {
    let scene = Scene::new(&["data", "more", "top"]);
    let chosen = [
        "--only",
        "data/inner/**",
        "--only",
        "data/a",
        "--only",
        "top",
    ];
    let inode = |name: &str| fs::metadata(scene.app.join(name)).unwrap().ino();
    let folders = ["", "data", "data/inner"].map(inode);
    for point in ["make@2", "planned", "exchange@2", "exchanged@3"] {
        scene
            .start(&format!("{point}=fail"), &chosen)
            .finish()
            .exits(1);
        scene.is_old(point);
        scene.next_run();
    }
    scene.start("exchanged@2=kill", &chosen).finish();
    scene.next_run();
    let read = |name: &str| fs::read_to_string(scene.app.join(name)).unwrap();
    assert_eq!(read("data/inner/c"), "c".repeat(5000));
    assert_eq!(
        (read("data/a"), read("top")),
        ("a".repeat(5000), "top".repeat(5000))
    );
    assert_eq!(read("more/e"), "newer e", "it was not chosen");
    assert!(!scene.app.join("data/gone").exists());
    assert_eq!(["", "data", "data/inner"].map(inode), folders, "they stay");
}

#[test]
fn a_sidecar_without_rights_replaces_what_it_may() {
    let scene = Scene::new(&["data"]);
    let all = format!(
        "chown -R 65534:65534 '{}'",
        scene.sidecar.folder().display()
    );
    if sh(&all).code != Some(0) {
        return skip("a_sidecar_without_rights", "only root may give files away");
    }
    fs::set_permissions(scene.app.join("data/inner"), Permissions::from_mode(0o500)).unwrap();
    let Scene {
        sidecar, app, id, ..
    } = scene;
    let sidecar = sidecar.user(65534);
    sidecar
        .run(&["restore", &id, "--replace", "--accept", "owners"])
        .succeeds();
    let read = |name: &str| fs::read_to_string(app.join(name)).unwrap();
    assert_eq!(
        (read("data/inner/c"), read("data/own/file")),
        ("c".repeat(5000), "not in the backup".into())
    );
    let facts = fs::metadata(app.join("data/inner")).unwrap();
    assert_eq!((facts.mode() & 0o7777, facts.uid()), (0o750, 65534));
}
