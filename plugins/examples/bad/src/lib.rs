//! A strategy with one mistake, for the tests of the conformance kit.
//!
//! Which one stands in [`MISTAKE`]: the tests write another name over it, in the component's file.
//! With none it is a good strategy, in a world without the kit's macro and its schema.

mod mistakes;

use std::io::Write;

use serde_json::{Value, json};
use sidecar_sdk::bindings::exports::sidecar::strategy::strategy::{Description, Guest, Plan, Run};
use sidecar_sdk::{Artifact, Command, Failure, Result, files};

use mistakes::is;

/// What the tests write over. Read as volatile, so that the compiler cannot know what stands there.
static MISTAKE: [u8; 32] = *b"mistake:none....................";

const COMMAND: &str = "echo what a command says";

/// What stands in [`MISTAKE`].
fn mistake() -> String {
    // SAFETY: a valid, aligned place that nothing writes.
    let bytes = unsafe { std::ptr::read_volatile(&raw const MISTAKE) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text["mistake:".len()..].trim_end_matches('.').to_owned()
}

struct Bad;

impl Guest for Bad {
    fn describe() -> Description {
        assert!(!is("describe-traps"), "describe was not thought through");
        Description {
            name: "bad".to_owned(),
            version: if is("describe-wavers") {
                mistakes::changing()
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
        mistakes::plan(&config)?;
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
        mistakes::ask(&mut plan, word);
        Ok(plan)
    }

    fn backup(run: Run) -> Result<()> {
        let config: Value = serde_json::from_str(&run.config).unwrap_or_else(|_| json!({}));
        let mut artifact = Artifact::new();
        mistakes::before(&config)?;
        if is("writes-nothing") {
            return Ok(());
        }
        writeln!(artifact, "{}", config["word"].as_str().unwrap_or_default())?;
        if let Some(path) = config["file"].as_str() {
            let file = files::open(path.as_bytes(), true)?;
            artifact.append_file(&file, file.inspect().size)?;
        }
        mistakes::command(&Command::new(COMMAND), &mut artifact)?;
        mistakes::flush(&mut artifact)
    }
}

sidecar_sdk::bindings::export!(Bad with_types_in sidecar_sdk::bindings);
