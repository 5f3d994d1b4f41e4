//! What a backup takes too much of.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::Duration;

use sidecar_sdk::bindings::sidecar::strategy::artifact as raw;
use sidecar_sdk::{Artifact, Command, Failure, Result, files, log, omissions, temp_dump};

use crate::config::{Config, Take};

pub(crate) fn take(config: &Config, artifact: &mut Artifact) -> Result<()> {
    let text = || "x".repeat(config.bytes);
    let file = || format!("{}/file", config.read[0]);
    let each = 0..config.number;
    match config.take {
        Take::UnplannedLine => return Command::new(text()).run().map(drop),
        Take::Parts => {
            for at in each {
                let name = format!("{at:0>width$}", width = config.bytes);
                artifact.part(&name, |artifact| artifact.append(b"."))?;
            }
        }
        Take::Lines => each.for_each(|_| log::info(&text())),
        Take::Output => each.for_each(|_| println!("{}", text())),
        Take::Notes => each.for_each(|at| log::report(at as u64, None, Some(&text()))),
        Take::Omissions => each.for_each(|at| {
            omissions::report(format!("{at} {}", text()), "greedy", text());
        }),
        Take::HostFiles => {
            let opened = open_all(each, || files::open(file().as_bytes(), false));
            return Err(opened);
        }
        Take::WasiFiles => {
            let opened = each.map(|_| File::open(file()));
            let opened: Vec<File> = opened.collect::<Result<_, _>>()?;
            let message = format!("{} files are open", opened.len());
            return Err(Failure::new("not-refused", message));
        }
        Take::OldDump | Take::DumpBehindOld | Take::DumpOverOld | Take::PreparedDump => {
            if config.take == Take::PreparedDump {
                temp_dump::prepare()?;
            }
            Command::new(dump_line(config.take).unwrap_or_default()).run()?;
            return artifact.append_temp_dump().map(drop);
        }
        Take::AtOnce => raw::write(&vec![1; config.bytes])?,
        Take::Artifact => {
            for _ in each {
                artifact.append(&vec![1; config.bytes])?;
            }
        }
        Take::WorkDirectory | Take::RemovedFiles => {
            let folder = std::env::var("SIDE_CAR_WORKDIR").unwrap_or_default();
            let mut open = Vec::new();
            for at in each {
                let path = format!("{folder}/{at}");
                let mut file = File::create(&path)?;
                if config.take == Take::RemovedFiles {
                    fs::remove_file(path)?;
                }
                file.write_all(&vec![1; config.bytes])?;
                open.push(file);
            }
            std::thread::sleep(Duration::from_secs(600));
        }
        Take::Refusals | Take::PlannedLines | Take::Outcomes | Take::Steps => {}
    }
    artifact.append(b"took it")
}

/// The command that leaves a dump, or should.
pub(crate) fn dump_line(take: Take) -> Option<&'static str> {
    match take {
        Take::OldDump => Some("true"),
        Take::DumpBehindOld => Some("printf today >> \"$SIDE_CAR_TEMP_DUMP\""),
        Take::DumpOverOld | Take::PreparedDump => Some("printf today > \"$SIDE_CAR_TEMP_DUMP\""),
        _ => None,
    }
}

/// Opens as many as it gets, keeps them for a while, and says how many.
fn open_all<T>(each: std::ops::Range<usize>, open: impl Fn() -> Result<T>) -> Failure {
    let mut held = Vec::new();
    for _ in each {
        match open() {
            Ok(opened) => held.push(opened),
            Err(failure) => {
                log::info(&format!("holds {} files", held.len()));
                // Sleeping needs a handle, too.
                held.truncate(held.len().saturating_sub(8));
                std::thread::sleep(Duration::from_secs(600));
                return failure;
            }
        }
    }
    Failure::new("not-refused", format!("{} files are open", held.len()))
}
