//! The mistakes, by the call in which they are made.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sidecar_sdk::bindings::exports::sidecar::strategy::strategy::Plan;
use sidecar_sdk::{Artifact, Command, Failure, Result, files};

use crate::selected::is;

/// A different text for each call.
pub(crate) fn unique() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_nanos().to_string()
}

/// The schema of the configuration.
pub(crate) fn schema() -> String {
    if is("schema-no-json") {
        return "{'type': 'object'}".to_owned();
    }
    let mut schema = json!({
        "type": "object",
        "properties": {
            "word": {"type": "string", "description": "What the artifact begins with.", "minLength": 1},
            "file": {"type": "string", "description": "What follows.", "pattern": "^/"},
        },
        "required": ["word"],
        "additionalProperties": false,
        "examples": [{"word": "hello", "file": "${SIDE_CAR_WORKDIR}/letter.txt"}],
    });
    if is("schema-invalid") {
        schema["properties"]["word"]["type"] = json!("strnig");
    }
    if is("schema-elsewhere") {
        schema["properties"]["word"] =
            json!({"$ref": "file:///etc/passwd", "description": "Elsewhere."});
    }
    if is("schema-endless") {
        schema["$ref"] = json!("#");
    }
    if is("schema-backtracks") {
        schema["properties"]["word"]["pattern"] = json!("^(a+)+$");
    }
    if is("schema-silent") {
        schema["properties"]["word"] = json!({"type": "string"});
    }
    if is("schema-any-key") {
        schema["additionalProperties"] = json!(true);
    }
    if is("schema-any-type") {
        schema["properties"]["word"] = json!({"description": "Anything."});
    }
    if is("no-examples") {
        schema["examples"] = json!([]);
    }
    if is("wrong-example") {
        schema["examples"] = json!([{"wrod": "hello"}]);
    }
    if is("blank-command") || is("plan-traps") || is("bad-message-refusal") {
        schema["properties"]["word"] = json!({"type": "string", "description": "Any."});
    }
    schema.to_string()
}

/// Checks the configuration in `plan-run`, or traps, or never returns.
pub(crate) fn check_config(config: &Value) -> Result<(), Vec<Failure>> {
    let word = config["word"].as_str().unwrap_or_default();
    if is("plan-traps") {
        assert!(!word.is_empty(), "an index out of bounds");
    }
    if is("plan-endless") {
        loop {
            std::hint::black_box(word);
        }
    }
    match word.is_empty() && is("bad-message-refusal") {
        true => Err(vec![Failure::new("Bad Config!", "no")]),
        false => Ok(()),
    }
}

/// Adds to the plan what it must not contain.
pub(crate) fn extend_plan(plan: &mut Plan, word: &str) {
    if is("plan-wavers") {
        plan.env.push(format!("V{}", unique()));
    }
    if is("relative-path") {
        plan.read.push("../etc/passwd".to_owned());
    }
    if is("no-address") {
        plan.net.push("localhost".to_owned());
    }
    if is("blank-command") {
        plan.commands.push(word.to_owned());
    }
    if is("idle-command") {
        plan.commands.push("rm -rf /nothing".to_owned());
    }
}

/// Before the first byte.
pub(crate) fn before(config: &Value, command: &Command) -> Result<()> {
    assert!(!is("backup-traps"), "not implemented");
    if is("unplanned-command") {
        Command::new("id").run()?;
    }
    if is("unplanned-variable") {
        command.clone().env("LD_PRELOAD", "/tmp/x.so").run()?;
    }
    if is("unplanned-file") {
        files::open(b"/etc/passwd", false)?;
    }
    if is("hungry") {
        let mut allocated = Vec::new();
        loop {
            allocated.push(std::hint::black_box(vec![1_u8; 64 << 20]));
        }
    }
    // Redundant: the schema requires it.
    match config["word"].is_string() {
        true => Ok(()),
        false => Err(Failure::new("no-word", "the configuration has no word")),
    }
}

/// Runs the command.
pub(crate) fn command(command: &Command, artifact: &mut Artifact) -> Result<()> {
    if is("command-ignored") {
        let _ = artifact.append_stdout(command);
        return Ok(());
    }
    if is("command-unwrapped") {
        artifact
            .append_stdout(command)
            .expect("commands never fail");
        return Ok(());
    }
    if is("command-bad-message") {
        return artifact
            .append_stdout(command)
            .map(drop)
            .map_err(|_| Failure::new("E42", "failed"));
    }
    if is("flood-unwrapped") {
        match command.capture(16 << 20) {
            Err(failure) if failure.code == "output-too-large" => {
                panic!("no command prints that much")
            }
            captured => return artifact.append(&captured?.stdout),
        }
    }
    artifact.append_stdout(command).map(drop)
}

/// Writes what is buffered.
pub(crate) fn flush(artifact: &mut Artifact) -> Result<()> {
    if is("full-disk-ignored") {
        for _ in 0..64 {
            let _ = artifact.append(&[0; 256 << 10]);
        }
        return Ok(());
    }
    if is("full-disk-unwrapped") {
        for _ in 0..64 {
            artifact
                .append(&[0; 256 << 10])
                .expect("there is always room");
        }
    }
    artifact.flush().map_err(Failure::from)
}
