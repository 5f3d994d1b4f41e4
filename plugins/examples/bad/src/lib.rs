//! A strategy with one mistake, for the tests of the conformance kit.
//!
//! Without a mistake it conforms, although it uses neither the SDK's trait nor its schema.

mod mistakes;
mod selected;

use std::io::Write;

use serde_json::{Value, json};
use sidecar_sdk::bindings::exports::sidecar::strategy::strategy::{Description, Guest, Plan, Run};
use sidecar_sdk::{Artifact, Command, Failure, Result, files};

use selected::is;

const COMMAND: &str = "echo what a command says";

struct Bad;

impl Guest for Bad {
    fn describe() -> Description {
        assert!(!is("describe-traps"), "describe was not thought through");
        Description {
            name: "bad".to_owned(),
            version: if is("describe-wavers") {
                mistakes::unique()
            } else {
                "0.1.0".to_owned()
            },
            summary: if is("no-summary") {
                ""
            } else {
                "Has one mistake."
            }
            .to_owned(),
            config_schema: mistakes::schema(),
        }
    }

    fn plan_run(config: String) -> Result<Plan, Vec<Failure>> {
        let config: Value = serde_json::from_str(&config).map_err(|_| {
            vec![Failure::new(
                "config-invalid",
                "the configuration is not JSON",
            )]
        })?;
        mistakes::check_config(&config)?;
        let word = config["word"].as_str().unwrap_or_default();
        let mut plan = Plan {
            commands: vec![COMMAND.to_owned()],
            read: config["file"]
                .as_str()
                .map(str::to_owned)
                .into_iter()
                .collect(),
            ..Plan::default()
        };
        mistakes::extend_plan(&mut plan, word);
        Ok(plan)
    }

    fn backup(run: Run) -> Result<()> {
        let config: Value = serde_json::from_str(&run.config).unwrap_or_else(|_| json!({}));
        let mut artifact = Artifact::new();
        let command = Command::new(COMMAND);
        mistakes::before(&config, &command)?;
        if is("writes-nothing") {
            return Ok(());
        }
        writeln!(artifact, "{}", config["word"].as_str().unwrap_or_default())?;
        if let Some(path) = config["file"].as_str() {
            let file = files::open(path.as_bytes(), true)?;
            artifact.append_file(&file, file.inspect().size)?;
        }
        mistakes::command(&command, &mut artifact)?;
        mistakes::flush(&mut artifact)
    }
}

sidecar_sdk::bindings::export!(Bad with_types_in sidecar_sdk::bindings);
