//! A module from elsewhere gets no further by its own folders, nor by what is run for it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Sidecar, component, skip};

/// A module from elsewhere that may run `line`.
fn running(line: &str) -> Sidecar {
    Sidecar::new()
        .strategy("hello")
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("modules.hello.allow.commands", json!([line]))
        .set(
            "strategy.config",
            json!({"greeting": "Hello", "command": line}),
        )
}

/// Refused by `check` and by the run, which does nothing.
#[track_caller]
fn is_refused(sidecar: &Sidecar, words: &str) {
    for verb in ["check", "backup"] {
        sidecar.run(&[verb]).exits(3).stderr_contains(words);
    }
    assert_eq!(sidecar.artifact(), None);
}

#[test]
fn folders_that_lie_in_one_another_are_refused_by_every_name() {
    for (key, path) in [
        ("paths.temp_dump", "work/tmp/dump"),
        ("paths.temp_dump", "link/tmp/dump"),
        ("paths.temp_dump", "artifacts/dump"),
        ("paths.workdir", "artifacts/work"),
        ("paths.workdir", "tmp/../tmp"),
        ("paths.artifacts", "work/artifacts"),
    ] {
        let sidecar = running("true");
        let at = sidecar.folder().join(path);
        fs::create_dir_all(sidecar.workdir()).unwrap();
        symlink(sidecar.workdir(), sidecar.folder().join("link")).unwrap();
        let sidecar = sidecar.set(key, at.to_str().unwrap());
        sidecar.run(&["backup"]).exits(3).stderr_contains("lie");
        sidecar.check().exits(3).stderr_contains("lie");
    }
}

#[test]
fn what_the_sidecar_trusts_does_not_lie_where_a_module_writes() {
    // The configuration.
    let sidecar = running("true");
    let around = sidecar.folder().to_str().unwrap().to_owned();
    is_refused(&sidecar.set("paths.workdir", around), "lie");
    // A secret in a file, the module's own file, and what it was granted to read.
    let change: [fn(Sidecar, &str) -> Sidecar; 3] = [
        |sidecar, path| {
            sidecar
                .set("secrets", Value::Null)
                .set("secrets.api_token_file", path)
        },
        |sidecar, path| {
            fs::copy(component("hello"), path).unwrap();
            sidecar.set("modules.hello.source", path)
        },
        |sidecar, path| sidecar.set("modules.hello.allow.read", json!([path])),
    ];
    for change in change {
        let sidecar = running("true");
        fs::create_dir_all(sidecar.workdir()).unwrap();
        let inside = sidecar.workdir().join("file");
        fs::write(&inside, "a-long-enough-token").unwrap();
        is_refused(&change(sidecar, inside.to_str().unwrap()), "lie");
    }
}

#[test]
fn a_folder_that_every_program_uses_is_not_given_to_a_module() {
    for named in [
        "/var/tmp/dump",
        "/tmp/../var/tmp/dump",
        "link/dump",
        "/dev/shm/dump",
    ] {
        let sidecar = running("true");
        symlink("/var/tmp", sidecar.folder().join("link")).unwrap();
        let dump = sidecar.folder().join(named);
        is_refused(
            &sidecar.set("paths.temp_dump", dump.to_str().unwrap()),
            "which every program of this machine uses",
        );
    }
}

#[test]
fn built_in_strategies_keep_the_folders_that_they_had() {
    let sidecar = Sidecar::new().command("cat notes").capture();
    let dump = sidecar.workdir().join("tmp/dump");
    fs::create_dir_all(sidecar.workdir()).unwrap();
    fs::write(sidecar.workdir().join("notes"), "kept").unwrap();
    let sidecar = sidecar.set("paths.temp_dump", dump.to_str().unwrap());
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"kept");
}

#[test]
fn a_command_starts_where_the_module_can_lay_nothing() {
    let sidecar = running("pwd; ls -A; cat notes");
    fs::create_dir_all(sidecar.workdir()).unwrap();
    // What a module could have laid there.
    symlink("/etc/passwd", sidecar.workdir().join("notes")).unwrap();
    let done = sidecar.backup().exits(1);
    assert!(!done.stderr.contains("root:"), "{done:?}");
    let sidecar = running("ls -A");
    fs::create_dir_all(sidecar.workdir()).unwrap();
    fs::write(sidecar.workdir().join("seen"), "").unwrap();
    sidecar.backup().succeeds();
    let artifact = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    assert_eq!(artifact.trim(), "Hello", "the folder is empty");
    let left: Vec<_> = sidecar
        .files()
        .into_iter()
        .filter(|file| file.contains("commands-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_link_in_what_the_operator_granted_leads_nowhere_else_whichever_part_is_asked_for() {
    for asked in [
        "granted/link/secret",
        "granted/link",
        "granted/inner/secret",
    ] {
        let sidecar = running("true");
        let (granted, outside) = (
            sidecar.folder().join("granted"),
            sidecar.folder().join("outside"),
        );
        fs::create_dir(&granted).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), "s3cr3t").unwrap();
        symlink(&outside, granted.join("link")).unwrap();
        symlink("../outside", granted.join("inner")).unwrap();
        let asked = sidecar.folder().join(asked);
        let sidecar = sidecar
            .set("modules.hello.allow.read", json!([granted]))
            .set(
                "strategy.config",
                json!({"greeting": "Hello", "file": asked}),
            );
        let done = sidecar.backup().exits(1);
        assert!(!done.stderr.contains("s3cr3t"), "{done:?}");
        assert_eq!(sidecar.artifact(), None);
    }
}

#[test]
fn the_operators_own_link_is_followed() {
    let sidecar = running("true");
    let (real, named) = (
        sidecar.folder().join("real"),
        sidecar.folder().join("named"),
    );
    fs::create_dir(&real).unwrap();
    fs::write(real.join("file"), "from there").unwrap();
    symlink(&real, &named).unwrap();
    let sidecar = sidecar.set("modules.hello.allow.read", json!([named])).set(
        "strategy.config",
        json!({"greeting": "Hello", "file": named.join("file")}),
    );
    sidecar.backup().succeeds();
    assert!(
        String::from_utf8(sidecar.artifact().unwrap())
            .unwrap()
            .contains("from there")
    );
}

#[test]
fn the_lock_is_found_beside_the_real_configuration() {
    let sidecar = running("true");
    sidecar.run(&["module", "lock"]).succeeds();
    let config = sidecar.folder().join("config.yaml");
    let elsewhere = sidecar.folder().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&config, elsewhere.join("config.yaml")).unwrap();
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("\"true\"", "\"false\"")).unwrap();
    let link = elsewhere.join("config.yaml");
    sidecar
        .run_without_config(&["--config", link.to_str().unwrap(), "backup"])
        .exits(3)
        .stderr_contains("is not what was accepted");
}

#[test]
fn without_a_lock_check_says_how_to_make_one() {
    let sidecar = running("true");
    sidecar
        .check()
        .succeeds()
        .stderr_contains("sidecar module lock");
    sidecar.run(&["module", "lock"]).succeeds();
    let done = sidecar.check().succeeds();
    assert!(!done.stderr.contains("module lock"), "{done:?}");
}

/// Runs the sidecar where `mounts`, lines of a shell, were made before.
fn mounted(mounts: &str, run: &Command) -> Command {
    let mut command = Command::new("unshare");
    command
        .args([
            "--mount",
            "sh",
            "-ec",
            &format!("{mounts}\nexec \"$@\""),
            "sh",
        ])
        .arg(run.get_program())
        .args(run.get_args())
        .env_clear();
    let given = run.get_envs();
    command.envs(given.filter_map(|(name, value)| Some((name, value?))));
    command
}

#[test]
fn what_is_mounted_below_a_folder_is_judged_as_the_folder_is() {
    let test = "own_folders::what_is_mounted_below_a_folder_is_judged_as_the_folder_is";
    let possible = Command::new("unshare").args(["--mount", "true"]).output();
    if !possible.is_ok_and(|done| done.status.success()) {
        return skip(test, "no mount namespace can be made here");
    }
    let sidecar = running("true");
    let at = |name: &str| sidecar.folder().join(name);
    for folder in [
        "store/app/daily",
        "conf",
        "data",
        "cache/code",
        "artifacts/.sidecar",
        "work/in",
        "tmp/in",
    ] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    fs::write(at("conf/token"), "a-long-enough-token").unwrap();
    fs::write(at("data/file"), "").unwrap();
    let token = at("conf/token");
    let (store, folder) = (at("store"), sidecar.folder().display().to_string());
    let sidecar = sidecar
        .set("secrets", Value::Null)
        .set("secrets.api_token_file", token.to_str().unwrap())
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store, "prefix": "app"}]),
        );
    let run = |verb: &str, from: &str, to: &str| {
        let mounts = format!("cd '{folder}'; mount --bind '{from}' '{to}'; cd /");
        sidecar.run_within(|run| mounted(&mounts, &run), &[verb])
    };
    for from in [
        // The thing itself, what holds it, and a part of it.
        "store/app",
        "store",
        "store/app/daily",
        "conf",
        ".",
        "artifacts",
        "artifacts/.sidecar",
        "tmp",
    ] {
        run("check", from, "work/in")
            .exits(3)
            .stderr_contains("lie in one another");
    }
    run("backup", "store", "work/in")
        .exits(3)
        .stderr_contains("lie in one another");
    run("backup", "conf", "tmp/in")
        .exits(3)
        .stderr_contains("lie in one another");
    assert_eq!(sidecar.artifact(), None);
    for to in ["work/in", "tmp/in"] {
        run("check", "data", to).succeeds();
    }
    run("backup", "data", "work/in").succeeds();
}

#[test]
fn a_check_of_a_drill_starts_in_nothing_that_a_module_wrote() {
    let sidecar = running("true");
    let (store, scratch) = (
        sidecar.folder().join("store"),
        sidecar.folder().join("scratch"),
    );
    fs::create_dir(&store).unwrap();
    fs::create_dir(&scratch).unwrap();
    let stores = json!([{"name": "local", "type": "fs", "path": store}]);
    let check = "test -z \"$(ls -A)\"\ntest -d \"$SIDE_CAR_DRILL_INTO\"";
    let sidecar = sidecar
        .set("modules.mine.source", component("custom").to_str().unwrap())
        .strategy("mine")
        .set(
            "modules.mine.allow.env",
            json!(["SIDE_CAR_RESTORE_INTO", "SIDE_CAR_RESTORE_REPLACE"]),
        )
        .set(
            "modules.mine.allow.commands",
            json!(["echo data", "ls -d \"$SIDE_CAR_RESTORE_INTO\""]),
        )
        .set(
            "strategy.config",
            json!({
                "command": "echo data", "capture_stdout": true,
                "restore": "ls -d \"$SIDE_CAR_RESTORE_INTO\"",
            }),
        )
        .set("stores", stores)
        .set("drill", json!({"into": scratch, "check": [check]}));
    fs::create_dir_all(sidecar.workdir()).unwrap();
    fs::write(sidecar.workdir().join("laid"), "").unwrap();
    sidecar.backup().succeeds();
    sidecar
        .run(&["drill"])
        .succeeds()
        .stdout_contains("checked");
}
