//! What a command does, seen from outside.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use sha2::{Digest, Sha256};

use super::*;
use crate::error::{Error, Kind};

/// A command that is cancelled takes every daemon of this process with it: tests that do so follow
/// each other when they share a process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shell() -> Shell {
    Shell::find(None).unwrap()
}

fn environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// Runs `line`, its stdout captured.
fn capture(line: &str) -> Result<(Finished, String)> {
    let mut capture = Capture::new(1 << 20);
    let finished = run(line, Stdout::Into(&mut capture), &Cancel::new())?;
    Ok((finished, String::from_utf8(capture.into_bytes()).unwrap()))
}

fn run(line: &str, stdout: Stdout<'_>, cancel: &Cancel) -> Result<Finished> {
    feed(line, Stdin::Nothing, stdout, cancel)
}

fn feed<'s>(line: &str, stdin: Stdin<'s>, stdout: Stdout<'s>, cancel: &Cancel) -> Result<Finished> {
    let shell = shell();
    let command = Command {
        line,
        env: environment(),
        workdir: Path::new("/"),
        shell: &shell,
        accept: &[],
    };
    command.run(stdin, stdout, cancel)
}

/// What a command makes of so many zeros on its standard input.
fn fed(line: &str, zeros: u64) -> Result<String> {
    let (mut input, mut output) = (std::io::repeat(0).take(zeros), Capture::new(64 << 20));
    feed(
        line,
        Stdin::From(&mut input),
        Stdout::Into(&mut output),
        &Cancel::new(),
    )?;
    Ok(String::from_utf8(output.into_bytes()).unwrap())
}

#[test]
fn a_command_reads_what_it_is_fed_to_the_end() {
    assert_eq!(fed("wc -c", 10_000_000).unwrap().trim(), "10000000");
    assert_eq!(fed("cat", 0).unwrap(), "");
    // Neither end waits for the other, however much is on its way.
    assert_eq!(fed("cat", 20_000_000).unwrap().len(), 20_000_000);
}

#[test]
fn a_command_that_has_read_enough_is_not_fed_on() {
    assert_eq!(fed("head -c 3 | wc -c", u64::MAX).unwrap().trim(), "3");
    assert_eq!(fed("true", u64::MAX).unwrap(), "");
    assert_eq!(fed("exec <&-; echo closed", u64::MAX).unwrap(), "closed\n");
    assert_eq!(
        fed("exit 3", u64::MAX).unwrap_err().code(),
        "command-failed"
    );
}

#[test]
fn what_cannot_be_read_fails_the_command() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let error = feed("cat", Stdin::From(&mut Broken), Stdout::Log, &Cancel::new()).unwrap_err();
    assert!(error.message().contains("the disk is gone"), "{error}");
}

fn failure(line: &str) -> Error {
    run(line, Stdout::Log, &Cancel::new()).unwrap_err()
}

/// Calls `then` with what a command prints as soon as it prints it.
struct OnOutput<F>(Vec<u8>, F);

impl<F: FnMut(&str) -> Result<()>> Sink for OnOutput<F> {
    fn room(&mut self) -> Result<&mut Vec<u8>> {
        self.0.reserve(4096);
        Ok(&mut self.0)
    }

    fn flush(&mut self) -> Result<()> {
        let text = String::from_utf8(std::mem::take(&mut self.0)).unwrap();
        (self.1)(&text)
    }
}

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

fn exists(id: i32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

fn assert_gone(ids: &[i32]) {
    assert!(!ids.is_empty());
    for &id in ids {
        assert!(!exists(id), "process {id} is still there");
    }
}

#[test]
fn a_command_succeeds() {
    let (finished, stdout) = capture("echo out; echo err >&2").unwrap();
    assert_eq!(stdout, "out\n");
    assert_eq!(
        finished,
        Finished {
            exit_code: 0,
            stdout_bytes: 4,
            stderr_tail: "err".to_owned()
        }
    );
    let logged = run("printf 12345", Stdout::Log, &Cancel::new()).unwrap();
    assert_eq!(logged.stdout_bytes, 5);
}

#[test]
fn it_gets_its_line_environment_directory_and_no_input() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let shell = shell();
    let pair = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    let command = Command {
        line: "  printf '%s|%s|%s|' \"$TWICE\" \"${HOME-unset}\" \"$(pwd)\"; cat; printf '\\x41'\n",
        env: vec![
            pair("PATH", "/usr/bin:/bin"),
            pair("TWICE", "1"),
            pair("TWICE", "2"),
        ],
        workdir: &directory,
        shell: &shell,
        accept: &[],
    };
    let mut capture = Capture::new(1 << 10);
    command
        .run(Stdin::Nothing, Stdout::Into(&mut capture), &Cancel::new())
        .unwrap();
    let stdout = String::from_utf8(capture.into_bytes()).unwrap();
    assert_eq!(stdout, format!("2|unset|{}|A", directory.display()));
}

#[test]
fn a_line_may_look_like_an_option() {
    assert_eq!(failure("-x").code(), "command-not-found");
}

#[test]
fn an_exit_code_is_a_failure_unless_accepted() {
    let error = failure("echo one >&2; echo two >&2; exit 3");
    assert_eq!((error.kind(), error.code()), (Kind::Run, "command-failed"));
    assert!(
        error
            .message()
            .ends_with("failed with exit code 3: one; two"),
        "{error}"
    );

    let shell = shell();
    let command = Command {
        line: "exit 3",
        env: environment(),
        workdir: Path::new("/"),
        shell: &shell,
        accept: &[1, 3],
    };
    assert_eq!(
        command
            .run(Stdin::Nothing, Stdout::Log, &Cancel::new())
            .unwrap()
            .exit_code,
        3
    );
}

#[test]
fn a_failure_in_the_middle_of_a_pipe_counts() {
    let mut capture = Capture::new(1 << 10);
    let error = run("false | gzip", Stdout::Into(&mut capture), &Cancel::new()).unwrap_err();
    assert_eq!(error.code(), "command-failed");
}

#[test]
fn signals_are_named() {
    for (line, name) in [
        ("kill -9 $$", "SIGKILL"),
        ("sh -c 'kill -9 $$'; exit $?", "SIGKILL"),
        ("kill -TERM $$", "SIGTERM"),
        ("yes | head -1", "SIGPIPE"),
    ] {
        let error = failure(line);
        assert_eq!(error.code(), "command-killed", "{line}: {error}");
        assert!(error.message().contains(name), "{line}: {error}");
    }
    assert!(
        failure("kill -9 $$")
            .hint_text()
            .unwrap()
            .contains("memory")
    );
}

#[test]
fn a_missing_program_is_named() {
    let error = failure("echo before; no-such-program --password");
    assert_eq!(error.code(), "command-not-found");
    assert!(
        error.message().contains("the program `no-such-program`"),
        "{error}"
    );
    assert!(error.hint_text().unwrap().contains("image"));
    assert_eq!(
        failure("no-such-program | gzip").code(),
        "command-not-found"
    );
    assert_eq!(failure("/etc/passwd").code(), "command-not-executable");
}

#[test]
fn a_missing_directory_or_shell_is_named() {
    let (shell, gone) = (shell(), PathBuf::from("/no/such/directory"));
    let command = Command {
        line: "true",
        env: environment(),
        workdir: &gone,
        shell: &shell,
        accept: &[],
    };
    let error = command
        .run(Stdin::Nothing, Stdout::Log, &Cancel::new())
        .unwrap_err();
    assert_eq!(error.code(), "workdir-missing");
    assert!(error.message().contains("/no/such/directory"), "{error}");

    let line = format!("true {}", "x".repeat(200_000));
    let error = failure(&line);
    assert_eq!(error.code(), "command-not-started");
    assert!(error.message().len() < 300, "{error}");
}

#[test]
fn secrets_of_the_environment_stay_out_of_errors() {
    let shell = shell();
    let mut env = environment();
    env.push(("PGPASSWORD".into(), "geheim".into()));
    let command = Command {
        line: "test \"$PGPASSWORD\" = other",
        env,
        workdir: Path::new("/"),
        shell: &shell,
        accept: &[],
    };
    let error = command
        .run(Stdin::Nothing, Stdout::Log, &Cancel::new())
        .unwrap_err();
    assert!(!format!("{error:?}").contains("geheim"));
}

#[test]
fn both_streams_flow_however_much_comes() {
    struct Hash(Sha256, Vec<u8>);
    impl Sink for Hash {
        fn room(&mut self) -> Result<&mut Vec<u8>> {
            if self.1.len() == self.1.capacity() {
                self.flush()?;
            }
            Ok(&mut self.1)
        }
        fn flush(&mut self) -> Result<()> {
            self.0.update(&self.1);
            self.1.clear();
            Ok(())
        }
    }
    // 64 MiB that no two blocks of are the same, with more on stderr than a pipe holds in between.
    let bytes = "openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 33554432";
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bytes");
    std::fs::write(&file, capture_bytes(bytes)).unwrap();
    let file = file.display();
    let mut sink = Hash(Sha256::new(), Vec::with_capacity(100_000));
    let line = format!("cat {file}; head -c 1000000 /dev/zero | tr '\\0' x >&2; cat {file}");
    let finished = run(&line, Stdout::Into(&mut sink), &Cancel::new()).unwrap();
    sink.flush().unwrap();

    let whole = std::fs::read(directory.path().join("bytes")).unwrap();
    assert_eq!(
        (whole.len(), finished.stdout_bytes),
        (33_554_432, 67_108_864)
    );
    let expected = Sha256::new()
        .chain_update(&whole)
        .chain_update(&whole)
        .finalize();
    assert_eq!(sink.0.finalize(), expected);
    assert!(finished.stderr_tail.starts_with("xxx") && finished.stderr_tail.len() <= 4096);
}

#[test]
fn a_full_buffer_is_not_the_end() {
    struct Full(Vec<u8>, Vec<u8>);
    impl Sink for Full {
        fn room(&mut self) -> Result<&mut Vec<u8>> {
            Ok(&mut self.0)
        }
        fn flush(&mut self) -> Result<()> {
            self.1.append(&mut self.0);
            Ok(())
        }
    }
    let mut sink = Full(b"before".to_vec(), Vec::new());
    sink.0.shrink_to_fit();
    run("echo after", Stdout::Into(&mut sink), &Cancel::new()).unwrap();
    sink.flush().unwrap();
    assert_eq!(sink.1, b"beforeafter\n");
}

/// The stdout of a command that a SIGPIPE may end.
fn capture_bytes(line: &str) -> Vec<u8> {
    let mut capture = Capture::new(1 << 30);
    run(
        &format!("{line} || true"),
        Stdout::Into(&mut capture),
        &Cancel::new(),
    )
    .unwrap();
    capture.into_bytes()
}

#[test]
fn more_than_may_be_captured_is_a_failure() {
    let _alone = alone();
    let mut capture = Capture::new(1000);
    let error = run("yes", Stdout::Into(&mut capture), &Cancel::new()).unwrap_err();
    assert_eq!(error.code(), "output-too-large");
    let mut capture = Capture::new(5);
    run("printf 12345", Stdout::Into(&mut capture), &Cancel::new()).unwrap();
    assert_eq!(capture.into_bytes(), b"12345");
    let mut capture = Capture::new(4);
    run("printf 12345", Stdout::Into(&mut capture), &Cancel::new()).unwrap_err();
}

#[test]
fn an_error_of_the_sink_ends_the_command() {
    let _alone = alone();
    let mut ids = Vec::new();
    let mut sink = OnOutput(Vec::new(), |text: &str| {
        ids.push(text.trim().parse::<i32>().unwrap());
        Err(Error::run("disk-full", "no space"))
    });
    let error = run(
        "echo $$; sleep 1000",
        Stdout::Into(&mut sink),
        &Cancel::new(),
    )
    .unwrap_err();
    assert_eq!(error.code(), "disk-full");
    assert_gone(&ids);
}

#[test]
fn cancelling_ends_all_of_a_line() {
    let _alone = alone();
    let line = "sleep 1000 & echo $! $$; sleep 1000 | sleep 1000";
    let (ids, took, error) = cancel_after_output(line, Reason::Requested);
    assert_eq!((error.kind(), error.code()), (Kind::Cancelled, "cancelled"));
    assert_gone(&ids);
    assert!(
        took < group::GRACE,
        "the grace is not waited for in vain: {took:?}"
    );
}

#[test]
fn cancelling_lets_a_command_clean_up() {
    let _alone = alone();
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
fn a_time_out_is_told_as_one_even_to_who_ignores_sigterm() {
    let _alone = alone();
    let line = "trap '' TERM; sleep 1000 & echo $! $$; wait";
    let (ids, _, error) = cancel_after_output(line, Reason::TimedOut(Duration::from_secs(60)));
    assert_eq!((error.kind(), error.code()), (Kind::Run, "timed-out"));
    assert_gone(&ids);
}

#[test]
fn cancelling_finds_daemons() {
    let _alone = alone();
    // A session of its own, its parent gone: nothing ties it to the line any more.
    let line = "(setsid sh -c 'echo $$; exec sleep 1000' >&1 &); (setsid setsid sleep 1001 &) ; sleep 1000";
    let (ids, _, _) = cancel_after_output(line, Reason::Requested);
    assert_gone(&ids);
}

#[test]
fn cancelling_ends_the_wait_for_a_pipe_that_a_daemon_holds() {
    let _alone = alone();
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
    let _alone = alone();
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
    end_strays(Duration::from_secs(1));
    assert_gone(&[id]);
}

#[test]
fn the_death_of_the_sidecar_ends_its_commands() {
    // This test program once more, as a sidecar that runs a command and is killed.
    let mut sidecar = std::process::Command::new("/proc/self/exe")
        .args([
            "command::tests::sidecar_to_be_killed",
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
    let said = stdout
        .lines()
        .map_while(std::result::Result::ok)
        .find_map(|line| {
            line.split_once("ids ")
                .map(|(_, id)| id.trim().parse::<i32>().unwrap())
        });
    let id = Pid::from_raw(said.unwrap()).unwrap();
    let process = pidfd_open(id, PidfdFlags::empty()).unwrap();
    rustix::process::kill_process(Pid::from_child(&sidecar), Signal::KILL).unwrap();
    sidecar.wait().unwrap();
    // It ignores all but a SIGKILL, so this ends only if somebody sends that.
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
