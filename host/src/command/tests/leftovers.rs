//! What a line leaves running.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use super::*;

#[test]
fn what_a_command_leaves_in_the_background_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("id");
    let line = format!("sleep 1000 & echo $! > {}", file.display());
    run(&line, Stdout::Log, &Cancel::new()).unwrap();
    let id = std::fs::read_to_string(file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert_gone(&[id]);
}

#[test]
fn what_is_about_to_end_may_end() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("late");
    let line = format!("(sleep 0.05; echo done > {}) &", file.display());
    run(&line, Stdout::Log, &Cancel::new()).unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap(), "done\n");
}

#[test]
fn a_daemon_lives_until_the_end_of_the_run() {
    let _exclusive = exclusive();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("id");
    let line = format!(
        "setsid sh -c 'echo $$ > {0}; exec sleep 1000' & until test -s {0}; do :; done",
        file.display()
    );
    run(&line, Stdout::Log, &Cancel::new()).unwrap();
    let id = std::fs::read_to_string(file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(exists(id));
    end_orphans(Duration::from_secs(1));
    assert_gone(&[id]);
}

#[test]
fn the_death_of_the_sidecar_ends_its_commands() {
    // This test program once more, as a sidecar that runs a command and is killed.
    let mut sidecar = std::process::Command::new("/proc/self/exe")
        .args([
            "command::tests::leftovers::sidecar_to_be_killed",
            "--exact",
            "--nocapture",
            "--ignored",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let line = "sh -c 'trap \"\" TERM HUP; echo ids $$; sleep 1000 & sleep 1000' | cat";
    writeln!(sidecar.stdin.take().unwrap(), "{line}").unwrap();
    let stdout = BufReader::new(sidecar.stdout.take().unwrap());
    let answered = stdout
        .lines()
        .map_while(std::result::Result::ok)
        .find_map(|line| {
            line.split_once("ids ")
                .map(|(_, id)| id.trim().parse::<i32>().unwrap())
        });
    let id = Pid::from_raw(answered.unwrap()).unwrap();
    let process = pidfd_open(id, PidfdFlags::empty()).unwrap();
    rustix::process::kill_process(Pid::from_child(&sidecar), Signal::KILL).unwrap();
    sidecar.wait().unwrap();
    // It ignores all but a SIGKILL, so this ends only if that is sent.
    let cancel = Cancel::new();
    let late = cancel.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(20));
        late.cancel(Reason::Requested);
    });
    crate::cancel::wait_readable(process.as_fd(), &cancel).unwrap();
}

#[test]
#[ignore = "not a test: the sidecar that the test above kills"]
fn sidecar_to_be_killed() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let mut sink = OnOutput(Vec::new(), |text: &str| {
        println!("{text}");
        Ok(())
    });
    run(line.trim(), Stdout::Into(&mut sink), &Cancel::new()).unwrap();
}
