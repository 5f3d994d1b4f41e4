//! Backups as they should be, then with a command, a disk or a caller that fails.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

use super::attempt::{AttemptOutcome, CommandBehaviour, DiskBehaviour};
use super::bad_message::bad_message;
use super::permission::Permitted;
use super::subject::{CheckOutcome, CheckResult, Subject};
use crate::artifact::Writer;
use crate::cancel::{Cancel, Reason};
use crate::error::{Error, Kind};
use crate::modules::error_text::one_line;
use crate::plan::shown_argv;
use crate::sandbox::{ModuleAnswer, RunEnd};

/// A cancelled run must end in less.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);
/// 64 MiB: more than a module may capture, and than any buffer.
const PRINT_64_MIB: &str =
    "head -c 67108864 /dev/zero; head -c 67108864 /dev/zero > \"$SIDE_CAR_TEMP_DUMP\"";
/// 8 MiB: more than the pipeline and a pipe hold together.
const PRINT_8_MIB: &str =
    "head -c 8388608 /dev/zero; head -c 8388608 /dev/zero > \"$SIDE_CAR_TEMP_DUMP\"";
const FAIL: &str = "exit 113";

/// Backups as they should be.
pub(super) enum Backups {
    /// All were made. `ran` has the commands that ran, for each case.
    Made {
        ran: Vec<BTreeSet<String>>,
        about: String,
    },
    /// What a stand-in printed was not enough for one.
    Untried(String),
}

/// With every configuration, it makes a backup with what it planned and nothing else.
pub(super) fn backup(subject: &Subject<'_>) -> Result<Backups, String> {
    let (mut ran, mut bytes, mut with_stand_ins) = (Vec::new(), 0, "");
    for case in &subject.cases {
        let is_stood_in = subject.permitted(&case.asks) == Permitted::WithStandIns;
        let outcome = subject.attempt(
            case,
            CommandBehaviour::Real,
            DiskBehaviour::Good,
            Cancel::new(),
        )?;
        let writer = match outcome.ending.and_then(RunEnd::verdict) {
            Ok(writer) => writer,
            Err(error) if is_stood_in && !is_mistake(&error) => {
                return Ok(Backups::Untried(untried(&case.title, &one_line(&error))));
            }
            Err(error) => return Err(failed_backup(&case.title, &error)),
        };
        if is_stood_in {
            with_stand_ins = ", with stand-ins for its commands";
            if writer.position() == 0 {
                return Ok(Backups::Untried(untried(&case.title, "it wrote nothing")));
            }
        }
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
    Ok(Backups::Made {
        ran,
        about: format!("it makes a backup with what it planned ({bytes} bytes{with_stand_ins})"),
    })
}

/// What no output of a command excuses.
fn is_mistake(error: &Error) -> bool {
    matches!(
        error.code(),
        "not-granted" | "trapped" | "out-of-memory" | "timed-out"
    )
}

fn untried(title: &str, why: &str) -> String {
    format!("with {title}, it needs what its commands print, and stand-ins ran instead: {why}")
}

fn failed_backup(title: &str, error: &Error) -> String {
    match error.code() {
        "not-granted" => format!(
            "with {title}, it uses what it did not plan: {}",
            error.message()
        ),
        "trapped" | "out-of-memory" => {
            format!("with {title}, it stops in the middle: {}", one_line(error))
        }
        _ => format!("with {title}, the backup fails: {}", one_line(error)),
    }
}

/// Lines that were planned and did not run: no mistake, but an operator has to allow them.
pub(super) fn unused(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> Vec<String> {
    let cases = subject.cases.iter().zip(ran);
    cases
        .flat_map(|(case, ran)| {
            let programs = case.asks.argv.iter().map(|argv| shown_argv(argv));
            let planned = case.asks.commands.iter().cloned().chain(programs);
            let unused = planned.filter(|line| !ran.contains(line));
            unused.map(|line| {
                format!(
                    "with {}, it plans a command and does not run it: {line}",
                    case.title
                )
            })
        })
        .collect()
}

/// It returns a failure when a command fails.
pub(super) fn failing_command(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> CheckResult {
    let Some(case) = subject.case_with_commands(ran) else {
        return Ok(CheckOutcome::Skipped("it runs no command".to_owned()));
    };
    let outcome = subject.attempt(
        case,
        CommandBehaviour::Replaced(FAIL),
        DiskBehaviour::Good,
        Cancel::new(),
    )?;
    let failure = failure_after(outcome, "a command failed")?;
    match failure {
        Some(failure) => Ok(CheckOutcome::Passed(format!(
            "it passes on that a command failed: {}",
            failure.message()
        ))),
        None => Ok(CheckOutcome::Passed(
            "its commands may fail, as it says".to_owned(),
        )),
    }
}

/// It passes on or refuses a flood from a command, and does not trap.
pub(super) fn huge_stdout(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> CheckResult {
    let Some(case) = subject.case_with_commands(ran) else {
        return Ok(CheckOutcome::Skipped("it runs no command".to_owned()));
    };
    let outcome = subject.attempt(
        case,
        CommandBehaviour::Replaced(PRINT_64_MIB),
        DiskBehaviour::Good,
        Cancel::new(),
    )?;
    match failure_after(outcome, "a command printed 64 MiB")? {
        Some(failure) => Ok(CheckOutcome::Passed(format!(
            "64 MiB from a command are refused: {}",
            failure.message()
        ))),
        None => Ok(CheckOutcome::Passed(
            "64 MiB from a command pass through".to_owned(),
        )),
    }
}

/// It makes the same backup on a slow disk.
pub(super) fn slow_sink(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> CheckResult {
    for case in &subject.cases {
        let commands = match subject.case_with_commands(ran) {
            Some(_) => CommandBehaviour::Replaced(PRINT_8_MIB),
            None => CommandBehaviour::Real,
        };
        let outcome = subject.attempt(case, commands, DiskBehaviour::Slow, Cancel::new())?;
        let sealed = outcome
            .ending
            .and_then(RunEnd::verdict)
            .and_then(Writer::finish);
        sealed.map_err(|error| {
            format!(
                "with {}, it fails on a slow disk: {}",
                case.title,
                one_line(&error)
            )
        })?;
    }
    Ok(CheckOutcome::Passed("it waits for a slow disk".to_owned()))
}

/// It returns a failure when the disk is full.
pub(super) fn full_disk(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> CheckResult {
    let mut noticed = false;
    for case in &subject.cases {
        // Either the module's own bytes do not fit, or those of a command.
        let flooded = subject
            .case_with_commands(ran)
            .map(|_| CommandBehaviour::Replaced(PRINT_8_MIB));
        for commands in [Some(CommandBehaviour::Real), flooded]
            .into_iter()
            .flatten()
        {
            let outcome = subject.attempt(case, commands, DiskBehaviour::Full, Cancel::new())?;
            noticed |= failure_after(outcome, "the disk was full")?.is_some();
        }
    }
    Ok(CheckOutcome::Passed(match noticed {
        true => "it stops when the disk is full".to_owned(),
        false => "it had written all before the disk was full".to_owned(),
    }))
}

/// A cancelled run ends soon.
pub(super) fn cancel(subject: &Subject<'_>, ran: &[BTreeSet<String>]) -> CheckResult {
    let cancel = Cancel::new();
    let (case, fifo) = match subject.case_with_commands(ran) {
        None => {
            // No command in which the module waits: it is cancelled before it begins.
            cancel.cancel(Reason::Requested);
            (subject.cases.first(), None)
        }
        Some(case) => (
            Some(case),
            Some(
                subject
                    .fixture
                    .fifo("started")
                    .map_err(|error| one_line(&error))?,
            ),
        ),
    };
    let Some(case) = case else {
        return Ok(CheckOutcome::Skipped(
            "there is no configuration to run".to_owned(),
        ));
    };
    let outcome = match fifo {
        None => subject.attempt(case, CommandBehaviour::Real, DiskBehaviour::Good, cancel)?,
        Some(fifo) => {
            let waits = format!("echo > '{}'; exec sleep 1000000", fifo.display());
            cancelled_by(&fifo, &cancel, || {
                subject.attempt(
                    case,
                    CommandBehaviour::Replaced(&waits),
                    DiskBehaviour::Good,
                    cancel.clone(),
                )
            })?
        }
    };
    match outcome.ending.and_then(RunEnd::verdict) {
        Err(error) if error.kind() == Kind::Cancelled && outcome.took < CANCEL_TIMEOUT => Ok(
            CheckOutcome::Passed("a cancelled run ends at once".to_owned()),
        ),
        Err(error) if error.kind() == Kind::Cancelled => Err(format!(
            "a cancelled run goes on for {} s",
            outcome.took.as_secs()
        )),
        Err(error) => Err(format!(
            "a cancelled run ends with something else: {}",
            one_line(&error)
        )),
        Ok(_) => Err("a cancelled run ends as if nothing had happened".to_owned()),
    }
}

/// Cancels what `run` does as soon as a command writes to the FIFO.
fn cancelled_by<T>(fifo: &Path, cancel: &Cancel, run: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Its content does not matter; an error only cancels earlier.
            let _ = std::fs::read(fifo);
            cancel.cancel(Reason::Requested);
        });
        let done = run();
        // Releases the thread if no command wrote; opening fails if the thread has read already.
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

/// The failure that the module returns after something outside it failed; none if that did not reach
/// the artifact.
fn failure_after(outcome: AttemptOutcome, what: &str) -> Result<Option<Error>, String> {
    let ending = outcome.ending.map_err(|error| one_line(&error))?;
    match (ending.answer, ending.broken) {
        (ModuleAnswer::Trapped(error), _) => Err(format!(
            "when {what}, it does not return a failure but stops: {}",
            one_line(&error)
        )),
        (ModuleAnswer::Done, Some(_)) => Err(format!("when {what}, it says that all is well")),
        (ModuleAnswer::Failed(failure), _) => match bad_message(&failure) {
            Some(wrong) => Err(format!("when {what}, {wrong}")),
            None => Ok(Some(failure)),
        },
        (ModuleAnswer::Done, None) => Ok(None),
    }
}
