//! What `pg_restore` calls errors, judged: a newer client sets what an older server does not know, and all
//! the data is there.

use sidecar_sdk::{Failure, Finished, Result};

/// Settings of a session that limit how long it may take, and that an older server may lack: it knows no
/// such limit, then.
const HARMLESS: [&str; 3] = [
    "transaction_timeout",
    "idle_session_timeout",
    "idle_in_transaction_session_timeout",
];

const ERROR: &str = "pg_restore: error: ";
const COMMAND: &str = "Command was: SET ";
const IGNORED: &str = "errors ignored on restore: ";

/// Fails unless every error was harmless; then the settings are returned that the server does not know.
/// `pg_restore` counts the errors in its last line.
pub(super) fn judge(finished: &Finished) -> Result<Vec<String>> {
    if finished.exit_code == 0 {
        return Ok(Vec::new());
    }
    let lines = || finished.stderr_tail.lines();
    // A statement that failed may contain lines that look like this: each error has one of its own.
    let errors = lines().filter(|line| line.starts_with(ERROR)).count();
    let harmless: Vec<String> = lines()
        .zip(lines().skip(1))
        .filter(|(error, _)| error.starts_with(ERROR))
        .filter_map(|(_, command)| harmless_setting(command))
        .map(str::to_owned)
        .collect();
    let counted = lines().rev().find_map(|line| line.split_once(IGNORED));
    let counted = counted.and_then(|(_, number)| number.trim().parse::<usize>().ok());
    if finished.exit_code == 1 && counted == Some(harmless.len()) && errors == harmless.len() {
        return Ok(harmless);
    }
    Err(failure(&finished.stderr_tail, counted))
}

fn harmless_setting(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix(COMMAND)?.split_once(' ')?;
    HARMLESS.contains(&name).then_some(name)
}

/// The first errors that were not harmless, and how many there are.
fn failure(stderr: &str, counted: Option<usize>) -> Failure {
    const SHOWN: usize = 3;
    let lines: Vec<&str> = stderr.lines().map(str::trim).collect();
    let is_error = |line: &&str| line.contains("error:") || line.contains("ERROR:");
    let harmless_at = |at: usize| {
        lines
            .get(at + 1)
            .copied()
            .and_then(harmless_setting)
            .is_some()
    };
    let errors: Vec<&str> = (0..lines.len())
        .filter(|at| is_error(&lines[*at]) && !harmless_at(*at))
        .map(|at| lines[at])
        .take(SHOWN)
        .collect();
    let reason = match errors.as_slice() {
        [] => lines
            .last()
            .copied()
            .unwrap_or("it does not say why")
            .to_owned(),
        errors => errors.join("; "),
    };
    let message = match counted {
        Some(number) if number > 1 => format!("pg_restore met {number} errors: {reason}"),
        _ => format!("pg_restore failed: {reason}"),
    };
    Failure::new("restore-failed", message)
}

/// Servers note things of their own at columns (`pg_attver`, since the releases of November 2026). A `pg_dump` that
/// does not know that saves them as the owner's, and a server that does not know them refuses the table.
pub(super) fn what_helps(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("unrecognized parameter \"")?;
    let name = rest.split('"').next()?;
    Some(format!(
        "this server does not know `{name}`, which the backup's server notes for itself: update this server, or make the \
         backup with the pg_dump of that server's release"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const UNKNOWN: &str = "pg_restore: while INITIALIZING:\n\
         pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter \"transaction_timeout\"\n\
         Command was: SET transaction_timeout = 0;\n";
    const WRONG: &str = "pg_restore: from TOC entry 215; 1259 16389 TABLE t app\n\
         pg_restore: error: could not execute query: ERROR:  role \"app\" does not exist\n\
         Command was: ALTER TABLE public.t OWNER TO app;\n";

    fn judged(exit_code: i32, stderr: &str) -> Result<Vec<String>> {
        judge(&Finished {
            exit_code,
            stdout_bytes: 0,
            stderr_tail: stderr.to_owned(),
        })
    }

    #[test]
    fn a_setting_that_an_older_server_lacks_is_harmless() {
        let counted = "pg_restore: warning: errors ignored on restore: 1\n";
        let unknown = judged(1, &format!("{UNKNOWN}{counted}")).unwrap();
        assert_eq!(unknown, ["transaction_timeout"]);
        assert!(judged(0, "").unwrap().is_empty());
    }

    #[test]
    fn any_other_error_is_named() {
        let counted = "pg_restore: warning: errors ignored on restore: 2\n";
        let failure = judged(1, &format!("{UNKNOWN}{WRONG}{counted}")).unwrap_err();
        assert_eq!(
            failure.message,
            "pg_restore met 2 errors: pg_restore: error: could not execute query: ERROR:  role \"app\" does not exist"
        );
        // As many harmless ones as are counted, and no more.
        assert!(
            judged(
                1,
                &format!("{WRONG}pg_restore: warning: errors ignored on restore: 1\n")
            )
            .is_err()
        );
    }

    #[test]
    fn what_an_older_server_lacks_is_named_with_what_helps() {
        let error = "pg_restore: error: could not execute query: ERROR:  unrecognized parameter \"pg_attver\"\n\
             Command was: CREATE TABLE public.t (\n";
        let failure = judged(1, error).unwrap_err();
        let advice = what_helps(&failure.message).unwrap();
        assert!(advice.contains("does not know `pg_attver`"));
    }

    #[test]
    fn a_failed_statement_does_not_pass_by_what_it_contains() {
        let counted = "pg_restore: warning: errors ignored on restore: 1\n";
        let comment = WRONG.replace("OWNER TO app", &format!("IS 'x\n{UNKNOWN}'"));
        assert!(judged(1, &format!("{comment}{counted}")).is_err());
        let command = "IS 'x\nCommand was: SET transaction_timeout = 0;\n'";
        let comment = WRONG.replace("OWNER TO app", command);
        assert!(judged(1, &format!("{comment}{counted}")).is_err());
    }

    #[test]
    fn an_end_before_all_errors_are_counted_is_a_failure() {
        assert!(judged(1, UNKNOWN).is_err());
        assert!(judged(137, &format!("{UNKNOWN}errors ignored on restore: 1\n")).is_err());
        let failure = judged(
            1,
            "pg_restore: error: could not read from input file: end of file\n",
        )
        .unwrap_err();
        assert!(
            failure
                .message
                .ends_with("could not read from input file: end of file")
        );
    }

    #[test]
    fn a_row_that_looks_harmless_is_not_counted_for_an_error() {
        let text = "pg_restore: error: COPY failed for table \"t\": ERROR:  invalid input\n\
             CONTEXT:  COPY t, line 1: \"x\"\n";
        assert!(
            judged(
                1,
                &format!("{text}pg_restore: warning: errors ignored on restore: 1\n")
            )
            .is_err()
        );
    }
}
