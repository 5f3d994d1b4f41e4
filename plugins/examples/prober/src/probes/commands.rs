//! Interface `commands`: lines, variables and folders that were not granted.

use sidecar_sdk::Command;
use sidecar_sdk::bindings::sidecar::strategy::commands;

use crate::probe::{HUGE, Probe, granted, own, probe, restoring, said};

pub(super) const PROBES: &[Probe] = &[
    probe("commands.run", "a line that is not planned", || {
        said(commands::run(&Command::new("id")))
    }),
    probe("commands.run", "a planned line and a blank", || {
        said(commands::run(&Command::new("true ")))
    }),
    probe("commands.run", "a planned line and a zero byte", || {
        said(commands::run(&Command::new("true\0; id")))
    }),
    probe("commands.run", "a line of 4 MiB", || {
        said(commands::run(&Command::new("x".repeat(HUGE))))
    }),
    probe("commands.run", "a variable that is not planned", || {
        said(commands::run(
            &Command::new("true").env("LD_PRELOAD", "/tmp/x.so"),
        ))
    }),
    probe("commands.run", "in its own folder", || {
        said(commands::run(&at(own(""))))
    }),
    probe("commands.run", "in a folder that is not granted", || {
        said(commands::run(&at("/etc".to_owned())))
    }),
    probe("commands.run", "in a folder above a granted one", || {
        said(commands::run(&at(text(granted("../secret")))))
    }),
    probe("commands.run", "in a file", || {
        said(commands::run(&at(text(granted("file")))))
    }),
    probe("commands.run", "accepting every exit code", || {
        let accept = (-1000..1000).collect();
        said(commands::run(&Command {
            accept,
            ..Command::new("exit 1000")
        }))
    }),
    probe(
        "commands.run-into-artifact",
        "a line that is not planned",
        || said(commands::run_into_artifact(&Command::new("id"))),
    ),
    probe(
        "commands.run-and-capture",
        "a line that is not planned",
        || said(commands::run_and_capture(&Command::new("id"), 10)),
    ),
    probe(
        "commands.run-and-capture",
        "more than there is room for",
        || said(commands::run_and_capture(&Command::new("echo too much"), 3)),
    ),
    restoring("commands.run", "a line of a backup in a restore", || {
        said(commands::run(&Command::new("id")))
    }),
    restoring("commands.run-into-artifact", "in a restore", || {
        said(commands::run_into_artifact(&Command::new("true")))
    }),
];

fn at(workdir: String) -> Command {
    Command {
        workdir: Some(workdir),
        ..Command::new("true")
    }
}

fn text(path: Vec<u8>) -> String {
    String::from_utf8_lossy(&path).into_owned()
}
