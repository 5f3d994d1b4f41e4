//! Restores that are killed, cancelled or fail on the way.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use super::scene::{Scene, first, mounted, stopped_at_its_fault, then};
use crate::harness::{Running, send};

#[test]
fn killed_before_the_exchange_it_leaves_the_old_tree_and_after_it_the_new_one() {
    // One directory; several, which go with the one that they are in.
    for paths in [&["data"][..], &["*"]] {
        let scene = Scene::new(paths);
        for point in [
            "area", "make", "make@4", "built", "carry@2", "facts", "planned", "journal", "exchange",
        ] {
            scene.killed(point, true, false);
        }
        for point in ["exchanged", "directories", "done", "tidy", "tidy@5"] {
            scene.killed(point, true, true);
        }
    }
}

#[test]
fn below_a_mount_point_the_journal_makes_several_exchanges_one() {
    let Some((scene, _tmpfs)) = mounted((first, then)) else {
        return;
    };
    for point in ["make@3", "planned"] {
        scene.killed(point, true, false);
    }
    for point in ["exchange@2", "exchanged@1", "exchanged@2", "directories"] {
        scene.killed(point, false, true);
    }
    // One that fails takes back those before it.
    for point in ["exchange@3", "exchanged@2", "directories"] {
        scene.start(&format!("{point}=fail"), &[]).finish().exits(1);
        scene.is_old(point);
        scene.next_run();
    }
}

#[test]
fn killed_while_it_takes_back_it_is_taken_back_by_the_next_run() {
    let Some((scene, _tmpfs)) = mounted((first, then)) else {
        return;
    };
    for faults in ["exchange@3=fail,undo=kill", "directories=fail,undo@2=kill"] {
        let ended = scene.start(faults, &[]).finish();
        assert_eq!(ended.code, None, "{faults}: {ended:#?}");
        scene.next_run();
        scene.is_old(faults);
    }
}

#[test]
fn cancelled_it_leaves_the_old_tree() {
    let scene = Scene::new(&["data"]);
    let stopped = scene.start("make@2=stop", &[]);
    stopped_at_its_fault(&stopped);
    send(stopped.pid(), Signal::INT);
    let ended = stopped.end_with(Signal::CONT);
    match ended.code {
        Some(130) => scene.is_old("cancelled"),
        _ => {
            // The signal came when all had been done.
            ended.succeeds();
            scene.is_new("not cancelled any more");
        }
    }
    scene.next_run();
}

#[test]
fn a_killed_restore_that_only_adds_leaves_nothing_half() {
    let scene = Scene::new(&["data"]);
    fs::remove_file(scene.app.join("data/a")).unwrap();
    let mut command = scene
        .sidecar
        .sidecar(&["restore", &scene.id, "--only", "data/a"]);
    command.env("SIDECAR_TEST_FAULT", "make=kill");
    assert_eq!(Running::start(command).finish().code, None);
    let part = |folder: &Path| {
        let names = fs::read_dir(folder).unwrap().flatten();
        names
            .filter(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with(".sidecar-part-")
            })
            .count()
    };
    assert_eq!(part(&scene.app.join("data")), 1);
    let foreign = scene.app.join("data/.sidecar-part-0000000000");
    fs::write(&foreign, "not of this restore").unwrap();
    scene.next_run();
    assert_eq!(part(&scene.app.join("data")), 1, "the foreign one");
    assert!(foreign.exists() && !scene.app.join("data/a").exists());
}
