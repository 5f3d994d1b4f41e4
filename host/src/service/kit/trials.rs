//! Backups in good weather and in bad.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

use super::bench::{Commands, Disk, Outcome, Trial as Attempt};
use super::manners::{rude, words};
use super::{Case, Check, Subject, Told};
use crate::artifact::Writer;
use crate::cancel::{Cancel, Reason};
use crate::error::{Error, Kind};
use crate::sandbox::{Answer, Ending};

/// A check that needs to know what ran when all was well: lines, for each case.
pub(super) type Trial = fn(&Subject<'_>, &[BTreeSet<String>]) -> Check;

/// A cancelled run is over in less.
const SOON: Duration = Duration::from_secs(5);
/// More than a module may capture, and than any buffer.
const MUCH: &str =
    "head -c 67108864 /dev/zero; head -c 67108864 /dev/zero > \"$SIDE_CAR_TEMP_DUMP\"";
/// More than the pipeline and a pipe hold together.
const SOME: &str = "head -c 8388608 /dev/zero; head -c 8388608 /dev/zero > \"$SIDE_CAR_TEMP_DUMP\"";
const FAILS: &str = "exit 113";

/// With every configuration, it makes a backup with what it planned and nothing else.
pub(super) fn backup(subject: &Subject<'_>) -> Result<(Vec<BTreeSet<String>>, String), String> {
    let (mut ran, mut bytes) = (Vec::new(), 0);
    for case in &subject.cases {
        let outcome = subject.attempt(case, Commands::Real, Disk::Good, Cancel::new())?;
        let writer = outcome
            .ending
            .and_then(Ending::verdict)
            .map_err(|error| failed_backup(&case.title, &error))?;
        if writer.position() == 0 {
            return Err(format!(
                "with {}, it returns ok and has written nothing",
                case.title
            ));
        }
        let sealed = writer
            .finish()
            .map_err(|error| failed_backup(&case.title, &error))?;
        bytes += sealed.size;
        ran.push(outcome.ran);
    }
    Ok((
        ran,
        format!("it makes a backup with what it planned ({bytes} bytes)"),
    ))
}

fn failed_backup(title: &str, error: &Error) -> String {
    match error.code() {
        "not-granted" => format!(
            "with {title}, it uses what it did not plan: {}",
            error.message()
        ),
        "trapped" | "out-of-memory" => {
            format!("with {title}, it stops in the middle: {}", words(error))
        }
        _ => format!("with {title}, the backup fails: {}", words(error)),
    }
}

/// Lines that were planned and did not run: fine, but an operator has to allow them.
pub(super) fn unused(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> Vec<String> {
    let cases = subject.cases.iter().zip(ran);
    cases
        .flat_map(|(case, ran)| {
            let idle = case
                .asks
                .commands
                .iter()
                .filter(|line| !ran.contains(*line));
            idle.map(|line| {
                format!(
                    "with {}, it plans a command and does not run it: {line}",
                    case.title
                )
            })
        })
        .collect()
}

/// When a command fails it says so, and stops.
pub(super) fn failing_command(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> Check {
    let Some(case) = subject.that_runs_commands(ran) else {
        return Ok(Told::Skipped("it runs no command".to_owned()));
    };
    let outcome = subject.attempt(case, Commands::Played(FAILS), Disk::Good, Cancel::new())?;
    let failure = misfortune(outcome, "a command failed")?;
    match failure {
        Some(failure) => Ok(Told::Passed(format!(
            "it passes on that a command failed: {}",
            failure.message()
        ))),
        None => Ok(Told::Passed("its commands may fail, as it says".to_owned())),
    }
}

/// A flood from a command is passed on or refused, and never stops the module.
pub(super) fn huge_stdout(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> Check {
    let Some(case) = subject.that_runs_commands(ran) else {
        return Ok(Told::Skipped("it runs no command".to_owned()));
    };
    let outcome = subject.attempt(case, Commands::Played(MUCH), Disk::Good, Cancel::new())?;
    match misfortune(outcome, "a command printed 64 MiB")? {
        Some(failure) => Ok(Told::Passed(format!(
            "64 MiB from a command are refused: {}",
            failure.message()
        ))),
        None => Ok(Told::Passed(
            "64 MiB from a command pass through".to_owned(),
        )),
    }
}

/// A disk that takes its time changes nothing.
pub(super) fn slow_sink(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> Check {
    for case in &subject.cases {
        let played = Commands::Played(SOME);
        let commands = if subject.that_runs_commands(ran).is_some() {
            played
        } else {
            Commands::Real
        };
        let outcome = subject.attempt(case, commands, Disk::Slow, Cancel::new())?;
        let sealed = outcome
            .ending
            .and_then(Ending::verdict)
            .and_then(Writer::finish);
        sealed.map_err(|error| {
            format!(
                "with {}, it fails on a slow disk: {}",
                case.title,
                words(&error)
            )
        })?;
    }
    Ok(Told::Passed("it waits for a slow disk".to_owned()))
}

/// When the disk is full it says so, and stops.
pub(super) fn full_disk(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> Check {
    let mut noticed = false;
    for case in &subject.cases {
        // The module's own bytes may be what does not fit, or those of a command.
        let floods = subject
            .that_runs_commands(ran)
            .map(|_| Commands::Played(SOME));
        for commands in [Some(Commands::Real), floods].into_iter().flatten() {
            let outcome = subject.attempt(case, commands, Disk::Full, Cancel::new())?;
            noticed |= misfortune(outcome, "the disk was full")?.is_some();
        }
    }
    Ok(Told::Passed(match noticed {
        true => "it stops when the disk is full".to_owned(),
        false => "it had written all before the disk was full".to_owned(),
    }))
}

/// A run that is cancelled is over soon, and leaves nothing.
pub(super) fn cancel(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> Check {
    let cancel = Cancel::new();
    let (case, line) = match subject.that_runs_commands(ran) {
        None => {
            // There is nothing to wait in: it is cancelled before it begins.
            cancel.cancel(Reason::Requested);
            (subject.cases.first(), None)
        }
        Some(case) => (
            Some(case),
            Some(
                subject
                    .bench
                    .fifo("started")
                    .map_err(|error| words(&error))?,
            ),
        ),
    };
    let Some(case) = case else {
        return Ok(Told::Skipped("there is no configuration to run".to_owned()));
    };
    let outcome = match line {
        None => subject.attempt(case, Commands::Real, Disk::Good, cancel)?,
        Some(fifo) => {
            let waits = format!("echo > '{}'; exec sleep 1000000", fifo.display());
            cancelled_by(&fifo, &cancel, || {
                subject.attempt(case, Commands::Played(&waits), Disk::Good, cancel.clone())
            })?
        }
    };
    match outcome.ending.and_then(Ending::verdict) {
        Err(error) if error.kind() == Kind::Cancelled && outcome.took < SOON => {
            Ok(Told::Passed("a cancelled run ends at once".to_owned()))
        }
        Err(error) if error.kind() == Kind::Cancelled => Err(format!(
            "a cancelled run goes on for {} s",
            outcome.took.as_secs()
        )),
        Err(error) => Err(format!(
            "a cancelled run ends with something else: {}",
            words(&error)
        )),
        Ok(_) => Err("a cancelled run ends as if nothing had happened".to_owned()),
    }
}

/// Cancels what `run` does as soon as somebody writes to the FIFO.
fn cancelled_by<T>(fifo: &Path, cancel: &Cancel, run: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // What it says does not matter, nor that nobody ever said it.
            let _ = std::fs::read(fifo);
            cancel.cancel(Reason::Requested);
        });
        let done = run();
        // Lets go of a thread that nobody has written to; there is none if this fails.
        let nonblocking = OFlags::NONBLOCK.bits() as i32;
        drop(
            OpenOptions::new()
                .write(true)
                .custom_flags(nonblocking)
                .open(fifo),
        );
        done
    })
}

/// What the module made of it when something went wrong outside: its failure, if it had to fail.
fn misfortune(outcome: Outcome, what: &str) -> Result<Option<Error>, String> {
    let ending = outcome.ending.map_err(|error| words(&error))?;
    match (ending.answer, ending.broken) {
        (Answer::Trapped(error), _) => Err(format!(
            "when {what}, it does not return a failure but stops: {}",
            words(&error)
        )),
        (Answer::Done, Some(_)) => Err(format!("when {what}, it says that all is well")),
        (Answer::Failed(failure), _) => match rude(&failure) {
            Some(wrong) => Err(format!("when {what}, {wrong}")),
            None => Ok(Some(failure)),
        },
        (Answer::Done, None) => Ok(None),
    }
}

impl Subject<'_> {
    pub(super) fn attempt(
        &self,
        case: &Case,
        commands: Commands<'_>,
        disk: Disk,
        cancel: Cancel,
    ) -> Result<Outcome, String> {
        let attempt = Attempt {
            module: self.module,
            config: case.config.to_string(),
            asks: case.asks.clone(),
            commands,
            disk,
            cancel,
        };
        self.bench.run(attempt).map_err(|error| words(&error))
    }

    /// The first configuration with which commands run.
    fn that_runs_commands(&self, ran: &[BTreeSet<String>]) -> Option<&Case> {
        let mut cases = self.cases.iter().zip(ran);
        cases.find(|(_, ran)| !ran.is_empty()).map(|(case, _)| case)
    }
}
