//! What a module must not be able to do: one folder each in `denials/`, with the configuration that
//! lets `plugins/examples/rogue` try it, and the error that it has to meet.
//!
//! ```text
//! exit: 1                          of `sidecar backup --json`
//! code: not-granted                of its error; "…" stands for anything
//! message: {folder}/secret is …
//! hint: …
//! check: REFUSED  read     /etc    a line of `sidecar check`
//! ```

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::harness::{Sidecar, TOKEN, component, mkfifo, repository};

/// What no module may get at.
const SECRET: &str = "what no module may see";

/// No attempt may hold a run for longer.
const LIMIT: Duration = Duration::from_secs(40);

/// The world that every case finds.
///
/// ```text
/// secret/file                      not granted, and behind everything that follows
/// granted/file  link  fifo         link leads to secret/file
/// work/data/file                   for what is granted inside of the work directory
/// work/left                        a link to secret/ that an earlier run left there
/// ```
struct World {
    sidecar: Sidecar,
    listener: TcpListener,
}

impl World {
    fn new(case: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let config = fs::read_to_string(case.join("config.yaml")).unwrap();
        let config = config
            .replace("{rogue}", component("rogue").to_str().unwrap())
            .replace("{port}", &listener.local_addr().unwrap().port().to_string());
        let sidecar = Sidecar::new()
            .config_text(&config)
            .env("API_TOKEN", TOKEN)
            .env("SECRET", SECRET);
        let folder = sidecar.folder();
        for name in ["secret", "granted", "work/data"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        fs::write(folder.join("secret/file"), SECRET).unwrap();
        fs::write(folder.join("granted/file"), "granted").unwrap();
        fs::write(folder.join("work/data/file"), "data").unwrap();
        symlink("../secret/file", folder.join("granted/link")).unwrap();
        symlink("../secret", folder.join("work/left")).unwrap();
        mkfifo(&folder.join("granted/fifo"));
        Self { sidecar, listener }
    }

    /// Whatever was tried, the world is as it was.
    fn is_unharmed(&self) -> Result<(), String> {
        let folder = self.sidecar.folder();
        let contents = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let mut granted: Vec<_> = fs::read_dir(folder.join("granted"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        granted.sort();
        let left = self.sidecar.files();
        let published = left.iter().any(|file| !file.starts_with("work/"));
        for (harm, done) in [
            ("a changed secret", contents("secret/file") != SECRET),
            ("a changed file", contents("granted/file") != "granted"),
            ("a changed folder", granted != ["fifo", "file", "link"]),
            ("an artifact", published),
            ("a process", !self.sidecar.processes().is_empty()),
            ("a connection", self.listener.accept().is_ok()),
        ] {
            if done {
                return Err(format!("{harm} is left; files: {left:?}"));
            }
        }
        Ok(())
    }

    /// What the run and the check say, as an `expected` file says it.
    fn report(&self) -> (String, String) {
        let run = self
            .sidecar
            .start(&["backup", "--json"])
            .finish_within(LIMIT);
        let Some(code) = run.code else {
            return (format!("is killed after {:?}", run.took), String::new());
        };
        let json = run.json();
        let error = &json["error"];
        let mut report = format!("exit: {code}\n");
        for key in ["code", "message", "hint"] {
            if let Some(text) = error[key].as_str() {
                report += &format!("{key}: {text}\n");
            }
        }
        let check = self.sidecar.check();
        for said in [&run.stdout, &run.stderr, &check.stdout, &check.stderr] {
            for secret in [SECRET, TOKEN] {
                assert!(!said.contains(secret), "{secret:?} is told: {said}");
            }
        }
        (report, check.stdout + &check.stderr)
    }
}

/// Whether `found` is what `expected` says, with "…" for anything.
fn matches(expected: &str, found: &str) -> bool {
    let Some((start, rest)) = expected.split_once('…') else {
        return expected == found;
    };
    let Some(mut found) = found.strip_prefix(start) else {
        return false;
    };
    loop {
        if matches(rest, found) {
            return true;
        }
        let mut characters = found.chars();
        if characters.next().is_none() {
            return false;
        }
        found = characters.as_str();
    }
}

fn denied(case: &Path) -> Result<(), String> {
    let world = World::new(case);
    let (report, check) = world.report();
    let expected = fs::read_to_string(case.join("expected")).unwrap_or_default();
    let expected = expected.replace("{folder}", world.sidecar.folder().to_str().unwrap());
    let (in_check, in_run): (Vec<&str>, Vec<&str>) = expected
        .lines()
        .partition(|line| line.starts_with("check: "));
    if !matches(&in_run.join("\n"), report.trim_end()) {
        return Err(format!("is\n{report}not\n{}\n", in_run.join("\n")));
    }
    for line in in_check {
        let line = line.trim_start_matches("check: ");
        if !check.lines().any(|said| said.contains(line)) {
            return Err(format!("`sidecar check` lacks {line:?}:\n{check}"));
        }
    }
    world.is_unharmed()
}

/// The folders whose names start with `prefix`.
#[track_caller]
fn all_denied(prefix: &str) {
    let mut cases: Vec<PathBuf> = fs::read_dir(repository().join("tests/denials"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(prefix)
        })
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no folder denials/{prefix}*");
    let holes: Vec<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.display(), denied(case).err()?)))
        .collect();
    assert!(holes.is_empty(), "{}", holes.join("\n"));
}

#[test]
fn what_was_not_granted_is_not_read() {
    all_denied("read-");
}

#[test]
fn nothing_is_written_outside_the_own_folders() {
    all_denied("write-");
}

#[test]
fn only_planned_and_allowed_commands_run() {
    all_denied("command-");
}

#[test]
fn only_planned_and_allowed_programs_run_with_their_arguments() {
    all_denied("program-");
}

#[test]
fn only_granted_variables_are_seen_and_set() {
    all_denied("environment-");
}

#[test]
fn only_granted_addresses_are_reached() {
    all_denied("socket-");
}

#[test]
fn nothing_is_used_without_end() {
    all_denied("endless-");
}

#[test]
fn a_bad_end_is_no_backup() {
    all_denied("end-");
}
