//! Makes a backup with a command, begins it with a greeting, and gives back what the command printed.

use std::io::Write;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::restore::{self, Outcome, Request, Restore};
use sidecar_sdk::target::{self, Node};
use sidecar_sdk::{Artifact, Command, Failure, Plan, Result, Run, Strategy, log};

/// What the command printed, in a backup: a part can be fetched and restored alone.
const OUTPUT: &str = "output";

/// `strategy.config`. The operator reads the doc comments when a key is invalid; `sidecar module
/// test` uses the examples.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [
    {"command": "cat \"$SIDE_CAR_WORKDIR/letter.txt\""},
    {"command": "date -u", "greeting": "Hello"},
]))]
pub struct Config {
    /// The command whose output is the backup.
    #[schemars(regex(pattern = r"\S"))]
    command: String,
    /// What the backup begins with.
    #[serde(default)]
    #[schemars(with = "String")]
    greeting: Option<String>,
}

struct MyStrategy;

impl Strategy for MyStrategy {
    type Config = Config;

    const NAME: &'static str = "my_strategy";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Makes a backup with a command.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        if config.command.contains("rm ") {
            let message = "strategy.config.command removes files, which no backup should";
            let failure = Failure::new("command-removes", message);
            return Err(vec![failure.hint("write a command that only reads")]);
        }
        Ok(Plan {
            commands: vec![config.command],
            ..Plan::default()
        })
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        if let Some(greeting) = &run.config.greeting {
            writeln!(artifact, "{greeting}")?;
        }
        let command = Command::new(run.config.command);
        let finished = artifact.part(OUTPUT, |artifact| artifact.append_stdout(&command))?;
        log::info(&format!("the command printed {} bytes", finished.stdout_bytes));
        Ok(())
    }
}

impl Restore for MyStrategy {
    fn plan_restore(request: Request<Config>) -> Result<restore::Plan, Vec<Failure>> {
        let Some(directory) = request.directory() else {
            let failure = Failure::new("no-directory", "there is nothing to restore into");
            return Err(vec![failure.hint("name a directory: --into DIR")]);
        };
        let selected = request.selected()?;
        Ok(restore::Plan {
            parts: selected.iter().map(|(part, _)| part.name.clone()).collect(),
            steps: selected.iter().map(|(_, name)| format!("writes the file {name}")).collect(),
            directory: Some(directory),
            ..restore::Plan::default()
        })
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        let selected = request.selected().map_err(|mut failures| failures.remove(0))?;
        let outcomes = selected.into_iter().map(|(part, name)| {
            match target::make_file(&Node::file(&name, 0o640), &part.content()) {
                Ok(()) => Outcome::done(part.name, format!("as {name}")),
                Err(failure) => Outcome::failed(part.name, failure),
            }
        });
        Ok(outcomes.collect())
    }
}

sidecar_sdk::export_restorable!(MyStrategy);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sidecar_sdk::testing::Host;

    use super::*;

    #[test]
    fn the_backup_is_the_greeting_and_what_the_command_prints() {
        let host = Host::new().prints("pg_dump", "the dump");
        let made = host.backup::<MyStrategy>(json!({"command": "pg_dump", "greeting": "Hello"}));
        assert_eq!(made.expect("a backup").artifact, b"Hello\nthe dump");
    }

    #[test]
    fn a_command_that_fails_fails_the_run() {
        let host = Host::new().fails("pg_dump", 1);
        let failure = host.backup::<MyStrategy>(json!({"command": "pg_dump"}));
        assert_eq!(failure.expect_err("a failure").code, "command-failed");
    }

    #[test]
    fn what_the_command_printed_is_a_part() {
        let host = Host::new().prints("pg_dump", "the dump");
        let made = host.backup::<MyStrategy>(json!({"command": "pg_dump", "greeting": "Hello"}));
        let parts = made.expect("a backup").parts;
        assert_eq!(parts, [(OUTPUT.to_owned(), b"the dump".to_vec())]);
    }

    #[test]
    fn a_restore_takes_a_directory() {
        let request = |into: Option<&str>| Request {
            config: Config { command: "pg_dump".into(), greeting: None },
            format: "binary".into(),
            size: 8,
            parts: vec![restore::Part { name: OUTPUT.into(), offset: 0, length: 8 }],
            only: Vec::new(),
            into: into.map(str::to_owned),
            replace: false,
        };
        let plan = MyStrategy::plan_restore(request(Some("/restored"))).expect("a plan");
        assert_eq!(plan.parts, [OUTPUT]);
        let refused = MyStrategy::plan_restore(request(None)).expect_err("a refusal");
        assert_eq!(refused[0].code, "no-directory");
    }

    #[test]
    fn a_command_that_removes_is_refused() {
        let refused = Host::new().plan::<MyStrategy>(json!({"command": "rm -rf /"}));
        assert_eq!(refused.expect_err("a refusal")[0].code, "command-removes");
    }
}
