//! The secrets of the configuration: in nothing that any verb prints or leaves, at any level of logging,
//! and in no environment of what a foreign module has run.

mod everywhere;

use std::fs;

use serde_json::json;

use crate::harness::{Receiver, S3, Sidecar, TOKEN, component};

const PASSPHRASE: &str = "Passphrase-of-this-test";
const HOOK: &str = "hook-of-this-test-77";
const PASSWORD: &str = "Database-password-4%2F2";
/// What the password means.
const DECODED: &str = "Database-password-4/2";
/// Of the bucket, as the harness has it.
const KEY: &str = "a-secret-key";
/// Of a registry.
const REGISTRY: &str = "Registry-password-of-this-test";
/// How a private key of age begins.
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// A sidecar that has one of each; its commands know them too.
fn with_secrets(s3: &S3, receiver: &Receiver) -> Sidecar {
    let hook = format!("{}/{HOOK}", receiver.url);
    Sidecar::new()
        .capture()
        .command("echo dump")
        .set(
            "strategy.artifact.encryption",
            json!({"age": {"passphrase": "${PASSPHRASE}"}}),
        )
        .set(
            "strategy.config.restore",
            "cat >/dev/null; sh -c 'echo \"$1\" >&2' sh \"${SIDE_CAR_RESTORE_INTO:-$DATABASE_URL}\"",
        )
        .set("strategy.config.env.DATABASE_URL", "${DATABASE_URL}")
        .set("secrets.api_token", "${TOKEN}")
        .set("stores", json!([s3.store()]))
        .set(
            "notify",
            json!([{"on": ["start", "success", "failure"], "webhook": "${HOOK}"}]),
        )
        .env("TOKEN", TOKEN)
        .env("PASSPHRASE", PASSPHRASE)
        .env("HOOK", &hook)
        .env(
            "DATABASE_URL",
            &format!("postgresql://app:{PASSWORD}@db/app"),
        )
}

/// Fails if a secret stands in `text`.
#[track_caller]
fn holds_none(place: &str, text: &[u8]) {
    for secret in [
        TOKEN, PASSPHRASE, HOOK, PASSWORD, DECODED, KEY, REGISTRY, IDENTITY,
    ] {
        let found = text
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        let text = String::from_utf8_lossy(text);
        assert!(!found, "{secret} in {place}: {text}");
    }
}

#[test]
fn commands_of_a_foreign_module_inherit_none() {
    let (s3, receiver) = (S3::start(), Receiver::start());
    let sidecar = with_secrets(&s3, &receiver)
        .strategy("hello")
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("modules.hello.allow.commands", json!(["env"]))
        .set(
            "strategy.config",
            json!({"greeting": "Hello", "command": "env"}),
        )
        .set("strategy.artifact.encryption", json!(null))
        .set(
            "drill",
            json!({"into": "postgresql://app:${DRILL}@scratch/app", "check": ["true"]}),
        )
        .env("DRILL", PASSWORD)
        .env("S3_KEY_AGAIN", KEY)
        .env("OTHER", "seen");
    sidecar.backup().succeeds();
    sidecar
        .run(&["fetch", "latest", "-o", "fetched"])
        .succeeds();
    let seen = fs::read(sidecar.folder().join("fetched")).unwrap();
    assert!(String::from_utf8_lossy(&seen).contains("OTHER=seen\n"));
    let inherited: Vec<_> = String::from_utf8_lossy(&seen)
        .lines()
        .filter(|line| {
            ["TOKEN=", "HOOK=", "DRILL=", "S3_KEY_AGAIN="]
                .iter()
                .any(|name| line.starts_with(name))
        })
        .map(str::to_owned)
        .collect();
    assert!(inherited.is_empty(), "{inherited:?}");
}
