//! How a line is run, and how its failure is reported.

use std::path::PathBuf;

use super::*;
use crate::error::Kind;

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
        what: Invocation::Line {
            text: "  printf '%s|%s|%s|' \"$TWICE\" \"${HOME-unset}\" \"$(pwd)\"; cat; printf '\\x41'\n",
            shell: &shell,
        },
        env: vec![
            pair("PATH", "/usr/bin:/bin"),
            pair("TWICE", "1"),
            pair("TWICE", "2"),
        ],
        workdir: &directory,
        accept: &[],
        confined: None,
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
        what: Invocation::Line {
            text: "exit 3",
            shell: &shell,
        },
        env: environment(),
        workdir: Path::new("/"),
        accept: &[1, 3],
        confined: None,
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
        what: Invocation::Line {
            text: "true",
            shell: &shell,
        },
        env: environment(),
        workdir: &gone,
        accept: &[],
        confined: None,
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
        what: Invocation::Line {
            text: "test \"$PGPASSWORD\" = other",
            shell: &shell,
        },
        env,
        workdir: Path::new("/"),
        accept: &[],
        confined: None,
    };
    let error = command
        .run(Stdin::Nothing, Stdout::Log, &Cancel::new())
        .unwrap_err();
    assert!(!format!("{error:?}").contains("geheim"));
}
