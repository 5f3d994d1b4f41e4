//! What a run starts ends with it, however it and the sidecar end.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Gate, Server, Sidecar, send, skip, started_by, within};

/// From the end of a run, or of the sidecar, to that of the last process.
const LIMIT: Duration = Duration::from_secs(10);

/// What a line may have started when its run ends, and what that does to stay.
const STUBBORN: [(&str, &str); 4] = [
    ("ignores SIGTERM", "trap '' TERM INT HUP; sleep 600 &"),
    (
        "is a daemon",
        "( setsid sh -c 'sleep 600; sleep 601' </dev/null >/dev/null 2>&1 & ) &",
    ),
    (
        "is a daemon that ignores SIGTERM",
        "( setsid sh -c 'trap \"\" TERM INT HUP; sleep 600; sleep 601' </dev/null >/dev/null 2>&1 & ) &",
    ),
    ("holds the pipe open", "setsid sleep 600 &"),
];

/// A sidecar whose line starts something, and then waits at a gate.
fn sidecar(starts: &str) -> (Sidecar, Gate) {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("started");
    let line = format!("{starts} echo dump; {}", gate.wait());
    (sidecar.command(&line).capture(), gate)
}

fn none_is_left(sidecar: &Sidecar, what: &str) {
    within(LIMIT, &format!("what {what} is gone"), || {
        sidecar.processes().is_empty().then_some(())
    });
}

#[test]
fn a_run_that_succeeds_leaves_none() {
    // A captured output is read until the last process has closed it: the one that holds it open is waited for.
    for (what, starts) in &STUBBORN[..3] {
        let (sidecar, gate) = sidecar(starts);
        let running = sidecar.start(&["backup"]);
        drop(gate.reached());
        running.finish().succeeds();
        none_is_left(&sidecar, what);
    }
}

#[test]
fn a_run_that_is_cancelled_leaves_none() {
    for (what, starts) in STUBBORN {
        let (sidecar, gate) = sidecar(starts);
        let server = sidecar.serve();
        let idle = sidecar.processes().len();
        let run = server.start_run();
        let _waits = gate.reached();
        let job = server.ask("DELETE", &run, &[]).json();
        assert_eq!(job["state"], "cancelled", "{what}: {job}");
        let left = sidecar.processes();
        assert_eq!(left.len(), idle, "{what}: {left:?}");
    }
}

#[test]
fn a_run_that_takes_too_long_leaves_none() {
    for (what, starts) in STUBBORN {
        let (sidecar, gate) = sidecar(starts);
        let sidecar = sidecar.set("strategy.timeout", "2s");
        let running = sidecar.start(&["backup"]);
        let _waits = gate.reached();
        running
            .finish()
            .exits(1)
            .stderr_contains("took longer than");
        none_is_left(&sidecar, what);
    }
}

#[test]
fn a_sidecar_that_is_asked_to_end_leaves_none() {
    for (what, starts) in STUBBORN {
        for command in ["backup", "serve"] {
            let (sidecar, gate) = sidecar(starts);
            match command {
                "serve" => {
                    let server = sidecar.serve();
                    server.start_run();
                    let _waits = gate.reached();
                    server.end_with(Signal::TERM);
                }
                command => {
                    let running = sidecar.start(&[command]);
                    let _waits = gate.reached();
                    running.end_with(Signal::TERM).exits(143);
                }
            }
            none_is_left(&sidecar, &format!("{what}, of {command},"));
        }
    }
}

#[test]
fn a_sidecar_that_is_killed_leaves_none() {
    for (what, starts) in STUBBORN {
        let (sidecar, gate) = sidecar(starts);
        let running = sidecar.start(&["backup"]);
        let _waits = gate.reached();
        running.end_with(Signal::KILL);
        none_is_left(&sidecar, what);
    }
}

/// The first process of a name space of its own, as in a container.
struct FirstProcess {
    server: Server,
    pid: u32,
}

impl FirstProcess {
    /// None if there are no such name spaces here.
    fn serve(sidecar: &Sidecar) -> Option<Self> {
        const UNSHARE: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
        let mut possible = Command::new(UNSHARE[0]);
        let possible = possible.args(&UNSHARE[1..]).arg("true").status();
        if !possible.is_ok_and(|ended| ended.success()) {
            return None;
        }
        let server = sidecar.serve_within(|command| started_by(&UNSHARE, command));
        let pid = children(server.pid())[0];
        Some(Self { server, pid })
    }

    /// Its children that have ended, and that it has not asked how.
    fn zombies(&self) -> Vec<u32> {
        let mut children = children(self.pid);
        children.retain(|child| {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
            stat.is_ok_and(|stat| stat.rsplit_once(") ").unwrap().1.starts_with('Z'))
        });
        children
    }
}

fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let lists = threads.flatten().map(|thread| {
        let list = std::fs::read_to_string(thread.path().join("children"));
        list.unwrap_or_default()
    });
    let lists: Vec<String> = lists.collect();
    let ids = lists.iter().flat_map(|list| list.split_whitespace());
    ids.map(|id| id.parse().unwrap()).collect()
}

#[test]
fn the_first_process_of_a_container_collects_what_has_lost_its_parent() {
    let test = "children::the_first_process_of_a_container_collects_what_has_lost_its_parent";
    let line = "for i in 1 2 3 4 5 6 7 8; do ( setsid true & ); done; echo dump";
    let sidecar = Sidecar::new().command(line).capture();
    let Some(first) = FirstProcess::serve(&sidecar) else {
        return skip(test, "no name space for processes can be made here");
    };
    assert_eq!(first.server.export().body, b"dump\n");
    let collected = || first.zombies().is_empty().then_some(());
    within(LIMIT, "the run's orphans are collected", collected);
    // What an operator starts beside it (`docker exec`), while no run is under way.
    let target = first.pid.to_string();
    let inside = |line: &str| {
        let entered = Command::new("nsenter")
            .args(["--target", &target, "--pid", "sh", "-c", line])
            .status();
        assert!(entered.unwrap().success());
    };
    inside("( sleep 0.1 & )");
    let is_child = || (!children(first.pid).is_empty()).then_some(());
    within(LIMIT, "the orphan is a child of the sidecar", is_child);
    let collected = || children(first.pid).len() <= 1;
    within(LIMIT, "the orphan is collected", || {
        (first.zombies().is_empty() && collected()).then_some(())
    });
}

#[test]
fn the_first_process_of_a_container_hands_a_signal_on() {
    let test = "children::the_first_process_of_a_container_hands_a_signal_on";
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("started");
    let line = format!(
        "trap 'echo asked > \"$SIDE_CAR_WORKDIR/asked\"; exit 1' TERM; {} & wait",
        gate.wait()
    );
    let sidecar = sidecar.command(&line).capture();
    let Some(first) = FirstProcess::serve(&sidecar) else {
        return skip(test, "no name space for processes can be made here");
    };
    first.server.start_run();
    let _waits = gate.reached();
    send(first.pid, Signal::TERM);
    none_is_left(&sidecar, "it started");
    assert!(sidecar.workdir().join("asked").exists());
}
