//! An application's folder, and restores of it that end where the test says.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::archives::facts::{Facts, Tree};
use crate::harness::{Finished, Running, Sidecar, Tmpfs, sh, skip, within};

pub(super) const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What makes the application's folder as it is backed up, and what makes it as it is when it is restored.
type Trees = (fn(&Path), fn(&Path));

/// An application's folder that was backed up, and has changed since then.
pub(super) struct Scene {
    pub(super) sidecar: Sidecar,
    pub(super) app: PathBuf,
    pub(super) id: String,
    pub(super) old: Tree,
    /// What a restore makes of it.
    pub(super) new: Tree,
}

impl Scene {
    /// Of `paths` below the folder, which is a mount point if `mounted`.
    pub(super) fn new(paths: &[&str]) -> Self {
        let sidecar = Sidecar::new();
        let app = sidecar.folder().join("app");
        fs::create_dir(&app).unwrap();
        Self::at(sidecar, app, paths)
    }

    pub(super) fn at(sidecar: Sidecar, app: PathBuf, paths: &[&str]) -> Self {
        Self::of(sidecar, app, paths, (first, then))
    }

    /// `first` makes what is backed up, and `then` what it is when it is restored.
    pub(super) fn of(sidecar: Sidecar, app: PathBuf, paths: &[&str], (first, then): Trees) -> Self {
        let store = sidecar.folder().join("store");
        fs::create_dir(&store).unwrap();
        let sidecar = sidecar
            .strategy("file_archive")
            .set(
                "strategy.config",
                json!({"paths": paths, "base_dir": app, "exclude": ["**/*.log"]}),
            )
            .set(
                "stores",
                json!([{"name": "local", "type": "fs", "path": store}]),
            );
        first(&app);
        let made = sidecar.run(&["backup", "--json"]).succeeds().json();
        then(&app);
        let mut scene = Self {
            sidecar,
            id: made["id"].as_str().unwrap().to_owned(),
            old: Tree::of(&app),
            new: Tree::of(&app),
            app,
        };
        let aside = scene.sidecar.folder().join("aside");
        copy(&scene.app, &aside);
        scene.restore(&[]).succeeds();
        scene.new = scene.found();
        assert_ne!(scene.new, scene.old);
        scene.reset();
        scene
    }

    /// The application's folder is again what it was before the restore.
    pub(super) fn reset(&self) {
        for entry in fs::read_dir(&self.app).unwrap().flatten() {
            let path = entry.path();
            sh(&format!("rm -rf '{}'", path.display())).succeeds();
        }
        copy(&self.sidecar.folder().join("aside"), &self.app);
        self.is_old("reset");
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["restore", &self.id, "--replace"][..], more].concat()
    }

    pub(super) fn restore(&self, more: &[&str]) -> Finished {
        self.sidecar.run(&self.arguments(more))
    }

    /// A restore with a fault.
    pub(super) fn start(&self, fault: &str, more: &[&str]) -> Running {
        let mut command = self.sidecar.sidecar(&self.arguments(more));
        command.env("SIDECAR_TEST_FAULT", fault);
        Running::start(command)
    }

    /// What is there, but for what a restore builds beside it.
    pub(super) fn found(&self) -> Tree {
        Tree::of_some(&self.app, |name| !name.starts_with(b".sidecar-new-"))
    }

    pub(super) fn is_old(&self, what: &str) {
        self.found().is(&self.old, what);
    }

    pub(super) fn is_new(&self, what: &str) {
        self.found().is(&self.new, what);
    }

    /// The next run tidies up: nothing of any restore is left.
    pub(super) fn next_run(&self) {
        self.sidecar.run(&["upload", "--pending"]).succeeds();
        for folder in [self.sidecar.folder(), &self.app] {
            let names = fs::read_dir(folder).unwrap().flatten();
            for name in names.map(|entry| entry.file_name().into_string().unwrap()) {
                assert!(!name.starts_with(".sidecar-"), "{name} is left");
            }
        }
        let journals = self.sidecar.artifacts().join(".sidecar/restores");
        assert_eq!(fs::read_dir(journals).unwrap().count(), 0);
    }

    /// Killed there, it leaves the old tree or the new one at once if it is `whole`, and in any case
    /// after the next run.
    pub(super) fn killed(&self, point: &str, whole: bool, then_new: bool) {
        let ended = self.start(&format!("{point}=kill"), &[]).finish();
        assert_eq!(ended.code, None, "{point} is not passed: {ended:#?}");
        if whole {
            // The time of the directory above is set a moment later.
            let time = |facts: &mut Facts| {
                facts.mtime = facts.mtime.filter(|_| facts.kind != "directory");
            };
            let expected = if then_new { &self.new } else { &self.old };
            self.found()
                .forget(time)
                .is(&expected.clone().forget(time), point);
        }
        self.next_run();
        match then_new {
            true => self.is_new(point),
            false => self.is_old(point),
        }
        self.reset();
    }
}

/// The tree that is backed up.
pub(super) fn first(app: &Path) {
    for folder in ["data", "data/inner", "data/inner/deep", "more"] {
        fs::create_dir(app.join(folder)).unwrap();
    }
    for (name, text) in [
        ("data/a", "a"),
        ("data/b", "b"),
        ("data/gone", "gone"),
        ("data/inner/c", "c"),
        ("data/inner/deep/d", "d"),
        ("more/e", "e"),
        ("top", "top"),
    ] {
        fs::write(app.join(name), text.repeat(5000)).unwrap();
    }
    fs::hard_link(app.join("data/a"), app.join("data/inner/a too")).unwrap();
    std::os::unix::fs::symlink("a", app.join("data/link")).unwrap();
    fs::set_permissions(app.join("data/inner"), Permissions::from_mode(0o750)).unwrap();
    fs::set_permissions(app.join("data/b"), Permissions::from_mode(0o600)).unwrap();
}

/// What becomes of it until it is replaced.
pub(super) fn then(app: &Path) {
    for (name, text) in [
        ("data/a", "newer a"),
        ("data/inner/c", "newer c"),
        ("data/not named", "since the backup"),
        ("data/x.log", "excluded"),
        ("more/e", "newer e"),
        ("top", "newer top"),
    ] {
        fs::write(app.join(name), text).unwrap();
    }
    fs::remove_file(app.join("data/gone")).unwrap();
    fs::create_dir(app.join("data/own")).unwrap();
    fs::write(app.join("data/own/file"), "not in the backup").unwrap();
    fs::hard_link(app.join("data/own/file"), app.join("data/own/again")).unwrap();
    fs::set_permissions(app.join("data/own"), Permissions::from_mode(0o711)).unwrap();
    fs::set_permissions(app.join("data/inner"), Permissions::from_mode(0o700)).unwrap();
}

/// With owners, modes, times and links.
pub(super) fn copy(from: &Path, to: &Path) {
    sh(&format!("cp -a '{}/.' '{}'", from.display(), to.display())).succeeds();
}

/// A scene whose folder is a mount point, which nothing can be exchanged with.
pub(super) fn mounted(trees: Trees) -> Option<(Scene, Tmpfs)> {
    let sidecar = Sidecar::new();
    let app = sidecar.folder().join("app");
    match Tmpfs::mount(&app, "4M") {
        Ok(tmpfs) => Some((Scene::of(sidecar, app, &["*"], trees), tmpfs)),
        Err(why) => {
            skip("replacing below a mount point", &why);
            None
        }
    }
}

/// Waits until a process has stopped itself.
pub(super) fn stopped_at_its_fault(running: &Running) {
    let state = format!("/proc/{}/stat", running.pid());
    within(TIME_LIMIT, "a stopped process", || {
        let stat = fs::read_to_string(&state).ok()?;
        stat.contains(") T ").then_some(())
    });
}
