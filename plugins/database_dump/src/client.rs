//! Runs an engine's tools: constant command lines, with everything variable in the environment.

use sidecar_sdk::restore::Part;
use sidecar_sdk::{Artifact, Command, Failure, Finished, Result};

/// SQL for the server: passed in the environment, so that no process list shows it.
pub(crate) const SQL: &str = "SIDE_CAR_SQL";

/// How the tools of an engine reach their server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    config: commands::Config,
    /// For failures: "postgres at db:5432".
    server: String,
    env: Vec<(String, String)>,
}

impl Client {
    /// `server` names it in failures.
    pub(crate) fn new(
        config: &commands::Config,
        server: String,
        env: Vec<(String, String)>,
    ) -> Self {
        Self {
            config: config.clone(),
            server,
            env,
        }
    }

    /// The same tools for another server.
    pub(crate) fn at(&self, server: String) -> Self {
        Self {
            server,
            ..self.clone()
        }
    }

    /// The same tools with other values of these variables.
    pub(crate) fn with(&self, env: &[(String, String)]) -> Self {
        let mut client = self.clone();
        client.env.extend(env.iter().cloned());
        client
    }

    /// What failures call the server.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// What its commands have in a variable that the URL sets.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let found = self.env.iter().rev().find(|(set, _)| set == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The names of the variables that its commands set.
    pub(crate) fn variables(&self) -> Vec<String> {
        self.env.iter().map(|(name, _)| name.clone()).collect()
    }

    /// One of the engine's command lines. What `url` sets wins over `env`.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = commands::command(&self.config, line);
        command.env.extend(self.env.iter().cloned());
        command
    }

    /// Runs a command, and returns its stdout without the trailing newline.
    pub(crate) fn capture(&self, command: &Command) -> Result<String> {
        let text = String::from_utf8(self.capture_bytes(command)?).map_err(|_| {
            Failure::new("not-utf-8", "the server's answer is not UTF-8")
                .hint("is there a database or role whose name was written in another encoding?")
        })?;
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// The same for text that is in any encoding: what is not UTF-8 is replaced.
    pub(crate) fn capture_lossy(&self, command: &Command) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.capture_bytes(command)?).into_owned())
    }

    fn capture_bytes(&self, command: &Command) -> Result<Vec<u8>> {
        const MAX_OUTPUT_BYTES: u32 = 16 << 20;
        let captured = explained(command)
            .capture(MAX_OUTPUT_BYTES)
            .map_err(|failure| self.without_line("ask", failure))?;
        self.judge("ask", &captured.finished)?;
        Ok(captured.stdout)
    }

    /// Runs a command for what it does.
    pub(crate) fn run(&self, command: &Command) -> Result<()> {
        let finished = explained(command)
            .run()
            .map_err(|failure| self.without_line("ask", failure))?;
        self.judge("ask", &finished)
    }

    /// Runs a command whose stdout is part of the backup.
    pub(crate) fn dump(&self, command: &Command, artifact: &mut Artifact) -> Result<()> {
        self.dump_and_hear(command, artifact).map(drop)
    }

    /// The same, and returns what it has said last on stderr.
    pub(crate) fn dump_and_hear(
        &self,
        command: &Command,
        artifact: &mut Artifact,
    ) -> Result<String> {
        let finished = artifact
            .append_stdout(&explained(command))
            .map_err(|failure| self.without_line("dump", failure))?;
        self.judge("dump", &finished)?;
        Ok(finished.stderr_tail)
    }

    /// Runs a command that reads a range of the backup.
    pub(crate) fn feed(&self, range: &Part, command: &Command) -> Result<()> {
        let finished = range
            .feed(&explained(command))
            .map_err(|failure| self.without_line("restore to", failure))?;
        self.judge("restore to", &finished)
    }

    /// Names the server in place of our own command line, which tells the operator nothing.
    fn judge(&self, verb: &str, finished: &Finished) -> Result<()> {
        let code = finished.exit_code;
        if code == 0 {
            return Ok(());
        }
        let reason = last_lines(&finished.stderr_tail);
        let because = match reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        let message = |reason: &str| format!("cannot {verb} {}: {reason}", self.server);
        Err(match code {
            127 => {
                let what = match missing_program(&finished.stderr_tail) {
                    Some(program) => format!("the program `{program}` was not found"),
                    None => format!("a program was not found{because}"),
                };
                Failure::new("command-not-found", message(&what))
                    .hint("install it in the sidecar's container image, or correct PATH")
            }
            129.. => {
                let signal = code - 128;
                let what = format!("its tool was killed by signal {signal}{because}");
                Failure::new("command-killed", message(&what))
            }
            _ if reason.is_empty() => Failure::new(
                "command-failed",
                message(&format!("its tool ended with exit code {code}")),
            ),
            _ => Failure::new("command-failed", message(&reason)),
        })
    }

    /// A failure of the host, which begins with our command line: "`pg_dump …` was killed by SIGKILL".
    fn without_line(&self, verb: &str, mut failure: Failure) -> Failure {
        const BEHIND: [&str; 4] = ["` was killed", "` failed", "` cannot", "` ended"];
        if failure.message.starts_with('`') {
            let ends = BEHIND.iter().filter_map(|end| failure.message.find(end));
            if let Some(end) = ends.min() {
                let what = &failure.message[end + 1..];
                failure.message = format!("cannot {verb} {}: its tool{what}", self.server);
            }
        }
        failure
    }
}

/// The first of them often says what, the others why: from the last error on.
fn last_lines(stderr: &str) -> String {
    const LINES_SHOWN: usize = 3;
    let lines = stderr.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    // The client of MariaDB shows the statement before.
    let said = |line: &&str| {
        line.contains("error:") || line.contains("ERROR:") || line.starts_with("ERROR ")
    };
    let from = lines.iter().rposition(said);
    let from = from.unwrap_or(lines.len().saturating_sub(LINES_SHOWN));
    lines[from..lines.len().min(from + LINES_SHOWN)].join("; ")
}

/// From what shells say: "bash: line 1: NAME: command not found", "sh: 1: NAME: not found".
fn missing_program(stderr: &str) -> Option<&str> {
    stderr.lines().rev().find_map(|line| {
        let (before, reason) = line.trim().rsplit_once(": ")?;
        let is_it = [
            "command not found",
            "not found",
            "No such file or directory",
        ];
        is_it
            .contains(&reason)
            .then(|| before.rsplit(": ").next())
            .flatten()
    })
}

/// The command, whose failure is explained here and not by the host.
fn explained(command: &Command) -> Command {
    let mut command = command.clone();
    command.accept = (1..=255).collect();
    command
}

/// What failures call a server: its engine, and where the variables of its tools say that it is.
pub(crate) fn server_name(
    engine: &str,
    env: &[(String, String)],
    [host, port, socket]: [&str; 3],
) -> String {
    let value = |wanted: &str| {
        let found = env.iter().rev().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    match (value(socket), value(host), value(port)) {
        (Some(socket), ..) => format!("{engine} at {socket}"),
        (None, Some(hosts), Some(ports)) => {
            let pairs = hosts.split(',').zip(ports.split(',').cycle());
            let places: Vec<String> = pairs.map(|(host, port)| format!("{host}:{port}")).collect();
            format!("{engine} at {}", places.join(","))
        }
        (None, Some(host), None) => format!("{engine} at {host}"),
        (None, None, Some(port)) => format!("{engine} at port {port}"),
        (None, None, None) => engine.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_server_and_not_the_line() {
        let env = [("H", "a,b"), ("P", "1,2"), ("PW", "secret")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let server = server_name("postgres", &env, ["H", "P", "S"]);
        assert_eq!(server, "postgres at a:1,b:2");
        let client = Client::new(&commands::Config::default(), server, env.to_vec());
        let judged = |exit_code, stderr: &str| {
            client.judge(
                "ask",
                &Finished {
                    exit_code,
                    stdout_bytes: 0,
                    stderr_tail: stderr.to_owned(),
                },
            )
        };
        assert!(judged(0, "a notice").is_ok());
        let refused = judged(2, "psql: error: refused\n\tIs it up?\n").unwrap_err();
        assert_eq!(refused.code, "command-failed");
        assert_eq!(
            refused.message,
            "cannot ask postgres at a:1,b:2: psql: error: refused; Is it up?"
        );
        assert_eq!(
            judged(2, "").unwrap_err().message,
            "cannot ask postgres at a:1,b:2: its tool ended with exit code 2"
        );
    }

    #[test]
    fn no_failure_shows_a_command_line() {
        let client = Client::new(
            &commands::Config::default(),
            "redis at cache".to_owned(),
            Vec::new(),
        );
        let judged = |exit_code, stderr: &str| {
            let finished = Finished {
                exit_code,
                stdout_bytes: 0,
                stderr_tail: stderr.to_owned(),
            };
            client.judge("dump", &finished).unwrap_err()
        };
        assert_eq!(
            judged(127, "bash: line 1: redis-cli: command not found\n").message,
            "cannot dump redis at cache: the program `redis-cli` was not found"
        );
        assert_eq!(judged(137, "").code, "command-killed");
        let failure = Failure::new(
            "command-killed",
            "`x `y` | z` was killed by SIGKILL: no memory",
        );
        assert_eq!(
            client.without_line("dump", failure).message,
            "cannot dump redis at cache: its tool was killed by SIGKILL: no memory"
        );
    }
}
