//! Interface `programs`: vectors, variables and folders that were not granted.

use sidecar_sdk::bindings::program_runner::sidecar::strategy::programs::{
    Program, feed, run, run_and_capture, run_into_artifact,
};

use crate::probe::{HUGE, Probe, granted, own, probe, restoring, said};

pub(super) const PROBES: &[Probe] = &[
    probe("programs.run", "a vector that is not planned", || {
        said(run(&program(&["id"])))
    }),
    probe("programs.run", "no vector", || said(run(&program(&[])))),
    probe("programs.run", "a planned vector and a word", || {
        said(run(&program(&["true", "--version"])))
    }),
    probe("programs.run", "a planned line as a word", || {
        said(run(&program(&["exit 1000"])))
    }),
    probe("programs.run", "a word with a zero byte", || {
        said(run(&program(&["true\0"])))
    }),
    probe("programs.run", "a word of 4 MiB", || {
        said(run(&program(&[&"x".repeat(HUGE)])))
    }),
    probe("programs.run", "a variable that is not planned", || {
        let variable = ("LD_PRELOAD".to_owned(), "/tmp/x.so".to_owned());
        said(run(&Program {
            env: vec![variable],
            ..program(&["true"])
        }))
    }),
    probe("programs.run", "in its own folder", || {
        said(run(&at(own(""))))
    }),
    probe("programs.run", "in a folder that is not granted", || {
        said(run(&at("/etc".to_owned())))
    }),
    probe("programs.run", "in a folder above a granted one", || {
        said(run(&at(
            String::from_utf8_lossy(&granted("../secret")).into_owned()
        )))
    }),
    probe(
        "programs.run-into-artifact",
        "a vector that is not planned",
        || said(run_into_artifact(&program(&["id"]))),
    ),
    probe(
        "programs.run-and-capture",
        "a vector that is not planned",
        || said(run_and_capture(&program(&["id"]), 10)),
    ),
    probe("programs.feed", "in a backup", || {
        said(feed(&program(&["true"]), 0, 0))
    }),
    restoring("programs.run-into-artifact", "in a restore", || {
        said(run_into_artifact(&program(&["true"])))
    }),
    restoring("programs.feed", "a vector that is not planned", || {
        said(feed(&program(&["id"]), 0, 1))
    }),
    restoring("programs.feed", "around the largest number", || {
        said(feed(&program(&["true"]), u64::MAX, u64::MAX))
    }),
];

fn program(argv: &[&str]) -> Program {
    Program {
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        env: Vec::new(),
        workdir: None,
        accept: Vec::new(),
    }
}

fn at(workdir: String) -> Program {
    Program {
        workdir: Some(workdir),
        ..program(&["true"])
    }
}
