//! Makes a backup with a command, and begins it with a greeting.

use std::io::Write;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Artifact, Command, Failure, Plan, Result, Run, Strategy, log};

/// `strategy.config`. The doc comments are what the operator reads when a key is wrong; the
/// examples are what `sidecar module test` tries.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [
    {"command": "cat letter.txt"},
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
        let finished = artifact.append_stdout(&Command::new(run.config.command))?;
        log::info(&format!("the command printed {} bytes", finished.stdout_bytes));
        Ok(())
    }
}

sidecar_sdk::export!(MyStrategy);

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
    fn a_command_that_removes_is_refused() {
        let refused = Host::new().plan::<MyStrategy>(json!({"command": "rm -rf /"}));
        assert_eq!(refused.expect_err("a refusal")[0].code, "command-removes");
    }
}
