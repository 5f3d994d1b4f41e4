//! What is cancelled ends, with all that it started.

use std::time::Duration;
use std::time::Instant;

use super::*;
use crate::error::Kind;

/// Runs `line`, which prints process ids, and cancels it then. Returns them and how long it took
/// from there.
fn cancel_after_output(line: &str, reason: Reason) -> (Vec<i32>, Duration, Error) {
    let cancel = Cancel::new();
    let (mut ids, mut since) = (Vec::new(), Instant::now());
    let mut sink = OnOutput(Vec::new(), |text: &str| {
        ids.extend(text.split_whitespace().map(|id| id.parse::<i32>().unwrap()));
        since = Instant::now();
        cancel.cancel(reason);
        Ok(())
    });
    let error = run(line, Stdout::Into(&mut sink), &cancel).unwrap_err();
    (ids, since.elapsed(), error)
}

#[test]
fn cancelling_ends_all_of_a_line() {
    let _exclusive = exclusive();
    let line = "sleep 1000 & echo $! $$; sleep 1000 | sleep 1000";
    let (ids, took, error) = cancel_after_output(line, Reason::Requested);
    assert_eq!((error.kind(), error.code()), (Kind::Cancelled, "cancelled"));
    assert_gone(&ids);
    assert!(
        took < group::TERMINATE_TIMEOUT,
        "the time-out is not waited for in vain: {took:?}"
    );
}

#[test]
fn cancelling_lets_a_command_clean_up() {
    let _exclusive = exclusive();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cleaned");
    let line = format!(
        "trap 'echo > {}; exit 1' TERM; echo $$; sleep 1000 & wait",
        file.display()
    );
    let (ids, _, _) = cancel_after_output(&line, Reason::ShuttingDown);
    assert_gone(&ids);
    assert!(file.exists());
}

#[test]
fn a_time_out_is_named_even_if_sigterm_is_ignored() {
    let _exclusive = exclusive();
    let line = "trap '' TERM; sleep 1000 & echo $! $$; wait";
    let (ids, _, error) = cancel_after_output(line, Reason::TimedOut(Duration::from_secs(60)));
    assert_eq!((error.kind(), error.code()), (Kind::Run, "timed-out"));
    assert_gone(&ids);
}

#[test]
fn cancelling_finds_daemons() {
    let _exclusive = exclusive();
    // A session of its own, its parent gone: nothing ties it to the line any more.
    let line = "(setsid sh -c 'echo $$; exec sleep 1000' >&1 &); (setsid setsid sleep 1001 &) ; sleep 1000";
    let (ids, _, _) = cancel_after_output(line, Reason::Requested);
    assert_gone(&ids);
}

#[test]
fn cancelling_ends_the_wait_for_a_pipe_that_a_daemon_holds() {
    let _exclusive = exclusive();
    let (ids, _, error) = cancel_after_output("setsid sleep 1000 & echo $!", Reason::Requested);
    assert_eq!(error.code(), "cancelled");
    assert_gone(&ids);
}

#[test]
fn a_cancelled_run_starts_nothing() {
    let cancel = Cancel::new();
    cancel.cancel(Reason::Requested);
    let directory = tempfile::tempdir().unwrap();
    let line = format!("touch {}/ran", directory.path().display());
    assert_eq!(
        run(&line, Stdout::Log, &cancel).unwrap_err().code(),
        "cancelled"
    );
    assert!(!directory.path().join("ran").exists());
}
