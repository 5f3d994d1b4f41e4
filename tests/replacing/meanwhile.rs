//! An application that goes on writing while its files are restored: nothing that it wrote is lost.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::scene::{Scene, TIME_LIMIT, copy, mounted, stopped_at_its_fault};
use crate::harness::{Running, Sidecar, within};

/// What an application does to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Nothing,
    Replace,
    Append,
    Remove,
    Directory,
    Rename,
}

const ACTS: [Act; 6] = [
    Act::Nothing,
    Act::Replace,
    Act::Append,
    Act::Remove,
    Act::Directory,
    Act::Rename,
];

/// The kinds of names: in the archive, kept as a file or as a directory, not there yet.
const KINDS: [&str; 4] = ["archived", "file", "folder", "none"];

/// What is done before the exchange and after it, to a name of its own each. What works on what it finds (appending,
/// renaming, removing what is new) is only tried where the application finds the same without a restore.
fn pairs(kind: &str) -> impl Iterator<Item = (Act, Act)> {
    let all = ACTS
        .into_iter()
        .flat_map(|before| ACTS.map(|after| (before, after)));
    let is_new = kind == "none";
    all.filter(move |(before, after)| match (before, after) {
        (Act::Nothing, _) => true,
        (Act::Append, _) if !is_new => true,
        (Act::Directory, Act::Directory) | (_, Act::Remove) => !is_new,
        _ => !matches!(after, Act::Append | Act::Rename),
    })
}

fn names() -> impl Iterator<Item = (&'static str, PathBuf, Act, Act)> {
    KINDS.into_iter().flat_map(|kind| {
        pairs(kind).map(move |(before, after)| {
            let name = format!("data/inner/{kind} {before:?} {after:?}");
            (kind, name.into(), before, after)
        })
    })
}

fn first(app: &Path) {
    fs::create_dir_all(app.join("data/inner")).unwrap();
    fs::create_dir(app.join("more")).unwrap();
    fs::write(app.join("more/e"), "e").unwrap();
    fs::write(app.join("top"), "top").unwrap();
    for (_, name, ..) in names().filter(|(kind, ..)| *kind == "archived") {
        fs::write(app.join(name), "backed up").unwrap();
    }
}

fn then(app: &Path) {
    fs::write(app.join("more/e"), "newer").unwrap();
    fs::write(app.join("top"), "newer").unwrap();
    for (kind, name, ..) in names() {
        let path = app.join(name);
        match kind {
            "archived" | "file" => fs::write(path, "since").unwrap(),
            "folder" => {
                fs::create_dir(&path).unwrap();
                fs::write(path.join("in it"), "since").unwrap();
            }
            _ => {}
        }
    }
}

fn act(path: &Path, act: Act, text: &str) {
    let gone = |path: &Path| match path.is_dir() {
        true => fs::remove_dir_all(path).unwrap(),
        false => fs::remove_file(path).unwrap_or_default(),
    };
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", path.display()));
    match act {
        Act::Nothing => {}
        Act::Replace => {
            fs::write(beside(".new"), text).unwrap();
            if path.is_dir() {
                gone(path);
            }
            fs::rename(beside(".new"), path).unwrap();
        }
        Act::Append => {
            let path = match path.is_dir() {
                true => path.join("in it"),
                false => path.to_owned(),
            };
            let mut options = fs::File::options();
            let mut file = options.create(true).append(true).open(path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
        Act::Remove => gone(path),
        Act::Directory => {
            gone(path);
            fs::create_dir(path).unwrap();
            fs::write(path.join(text), text).unwrap();
        }
        Act::Rename => {
            if path.exists() {
                fs::rename(path, beside(".moved")).unwrap();
            }
        }
    }
}

/// Does all of it before the exchange, or after it.
fn work(root: &Path, before: bool) {
    for (_, name, first, second) in names() {
        let path = root.join(name);
        match before {
            true => act(&path, first, "before"),
            false => act(&path, second, "after"),
        }
    }
}

/// What is in files by their names; none of directories.
fn contents(root: &Path, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_dir() {
                folders.push(path.clone());
            }
            if wanted(&name) {
                found.insert(name, fs::read_to_string(path).ok());
            }
        }
    }
    found
}

/// What the application has renamed before the exchange has a name that the archive does not have.
fn is_archived(name: &str) -> bool {
    let renamed = name.contains("archived Rename") && name.contains(".moved");
    !name.contains("inner/") || name.contains("inner/archived") && !renamed
}

/// A restore during which the application works, and what must come of it.
struct Trial {
    scene: Scene,
    /// What the application's own work makes of the folder, without a restore.
    undisturbed: PathBuf,
    /// What its work after the exchange makes of the backup.
    after: PathBuf,
}

impl Trial {
    fn new(scene: Scene) -> Self {
        let folder = scene.sidecar.folder();
        let [undisturbed, after] = ["undisturbed", "after"].map(|name| folder.join(name));
        for path in [&undisturbed, &after] {
            fs::create_dir(path).unwrap();
            copy(&scene.app, path);
        }
        work(&undisturbed, true);
        work(&undisturbed, false);
        for (_, name, ..) in names().filter(|(kind, ..)| *kind == "archived") {
            fs::write(after.join(name), "backed up").unwrap();
        }
        fs::write(after.join("more/e"), "e").unwrap();
        fs::write(after.join("top"), "top").unwrap();
        work(&after, false);
        Self {
            scene,
            undisturbed,
            after,
        }
    }

    /// Runs a restore that stops `before` the exchange and `after` it; `faults` come after that.
    fn start(&self, before: &str, after: &str, faults: &str) -> Running {
        let faults = format!("{before}=stop,{after}=stop,{faults}");
        let running = self.scene.start(&faults, &[]);
        stopped_at_its_fault(&running);
        work(&self.scene.app, true);
        let before = times_scheduled(&running);
        crate::harness::send(running.pid(), Signal::CONT);
        within(TIME_LIMIT, "a start", || {
            (times_scheduled(&running) != before).then_some(())
        });
        stopped_at_its_fault(&running);
        work(&self.scene.app, false);
        running
    }

    /// The backup is there, and all that the application has done.
    fn is_restored(&self, what: &str) {
        let app = &self.scene.app;
        same(app, &self.undisturbed, |name| !is_archived(name), what);
        same(app, &self.after, is_archived, what);
    }

    /// All is as if there had been no restore.
    fn is_undone(&self, what: &str) {
        // What was written into a file of the archive went with it.
        let with_it = |name: &str| {
            name.contains("archived") && (name.contains(" Append") || name.contains(" Rename"))
        };
        // What was removed in the new tree, and had another version in the old one, is not thrown away.
        let stays = |name: &str| name.contains(" Remove") && !name.contains("Nothing Remove");
        let lost = |name: &str| with_it(name) || stays(name);
        same(&self.scene.app, &self.undisturbed, |name| !lost(name), what);
    }

    fn again(&self) {
        self.scene.next_run();
        self.scene.reset();
    }
}

/// How often the process was put to sleep: a process that was continued is not taken for one that is still stopped,
/// however soon it stops again.
fn times_scheduled(running: &Running) -> Vec<String> {
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap_or_default();
    let switches = status.lines().filter(|line| line.contains("ctxt_switches"));
    switches.map(str::to_owned).collect()
}

fn same(found: &Path, wanted: &Path, which: impl Fn(&str) -> bool, what: &str) {
    let wanted_name = |name: &str| which(name) && !name.starts_with(".sidecar-");
    let [found, wanted] = [found, wanted].map(|root| contents(root, wanted_name));
    let differ = |name: &&String| found.get(*name) != wanted.get(*name);
    let names: std::collections::BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let wrong: Vec<_> = names.into_iter().filter(differ).collect();
    let shown = wrong.iter().map(|name| {
        format!(
            "{name}: {:?} and not {:?}",
            found.get(*name),
            wanted.get(*name)
        )
    });
    let shown: Vec<String> = shown.collect();
    assert!(shown.is_empty(), "{what}:\n{}", shown.join("\n"));
}

fn trial(paths: &[&str]) -> Trial {
    let sidecar = Sidecar::new();
    let app = sidecar.folder().join("app");
    fs::create_dir(&app).unwrap();
    Trial::new(Scene::of(sidecar, app, paths, (first, then)))
}

/// Points before the exchange: while links are made, and up to the exchange itself.
const BEFORE: [&str; 5] = ["carry@20", "facts", "planned", "journal", "exchange"];

#[test]
fn nothing_that_an_application_does_meanwhile_is_lost() {
    let trial = trial(&["*"]);
    for (number, before) in BEFORE.into_iter().enumerate() {
        let after = ["exchanged", "directories"][number % 2];
        let running = trial.start(before, after, "");
        running.end_with(Signal::CONT).succeeds();
        trial.is_restored(&format!("{before}, {after}"));
        trial.again();
    }
}

#[test]
fn nor_where_only_one_directory_is_exchanged() {
    let trial = trial(&["data"]);
    let running = trial.start("planned", "exchanged", "");
    running.end_with(Signal::CONT).succeeds();
    let inner = |name: &str| name.contains("inner/") && is_archived(name);
    let app = &trial.scene.app;
    same(app, &trial.undisturbed, |name| !is_archived(name), "kept");
    same(app, &trial.after, inner, "archived");
}

#[test]
fn nor_if_the_restore_is_killed_before_it_has_taken_all_of_it() {
    let trial = trial(&["*"]);
    let points = ["exchanged", "directories"];
    for after in points {
        // Where it stands.
        trial.start("planned", after, "").end_with(Signal::KILL);
        trial.scene.next_run();
        trial.is_restored(after);
        trial.again();
    }
    for number in [1, 4, 9, 15, 21] {
        let fault = format!("follow@{number}=kill");
        let ended = trial
            .start("planned", "exchanged", &fault)
            .end_with(Signal::CONT);
        assert_eq!(ended.code, None, "{fault} is not passed: {ended:#?}");
        trial.scene.next_run();
        trial.is_restored(&fault);
        trial.again();
    }
}

#[test]
fn a_restore_that_is_undone_gives_back_what_was_done_in_the_new_tree() {
    let trial = trial(&["*"]);
    let undone = |faults: &str, killed: bool| {
        let ended = trial
            .start("planned", "exchanged", faults)
            .end_with(Signal::CONT);
        assert_eq!(ended.code.is_none(), killed, "{faults}: {ended:#?}");
        assert_ne!(ended.code, Some(0), "{faults}");
        trial.scene.next_run();
        trial.is_undone(faults);
        trial.again();
    };
    undone("directories=fail", false);
    undone("directories=fail,undo=kill", true);
    for number in [1, 20] {
        undone(&format!("directories=fail,follow@{number}=kill"), true);
    }
}

#[test]
fn below_a_mount_point_the_same_holds_of_each_directory() {
    let Some((scene, _tmpfs)) = mounted((first, then)) else {
        return;
    };
    let trial = Trial::new(scene);
    let running = trial.start("exchange@1", "directories", "");
    running.end_with(Signal::CONT).succeeds();
    trial.is_restored("all of them");
    trial.again();
    for faults in ["exchange@3=fail", "exchange@3=kill"] {
        let killed = faults.ends_with("kill");
        let ended = trial
            .start("planned", "exchanged@2", faults)
            .end_with(Signal::CONT);
        assert_eq!(ended.code.is_none(), killed, "{faults}: {ended:#?}");
        trial.scene.next_run();
        match killed {
            true => trial.is_restored(faults),
            false => trial.is_undone(faults),
        }
        trial.again();
    }
}

#[test]
fn what_was_never_exchanged_is_not_exchanged_later() {
    let scene = trial(&["*"]).scene;
    for point in ["planned", "journal", "exchange"] {
        let running = scene.start(&format!("{point}=stop"), &[]);
        stopped_at_its_fault(&running);
        running.end_with(Signal::KILL);
        // The application has gone on for a day.
        fs::write(scene.app.join("more/e"), "today").unwrap();
        fs::write(scene.app.join("top"), "today").unwrap();
        scene.next_run();
        for name in ["more/e", "top"] {
            let found = fs::read_to_string(scene.app.join(name)).unwrap();
            assert_eq!(found, "today", "{point}");
        }
        scene.reset();
    }
}
