#![allow(clippy::unwrap_used, reason = "tests")]

mod requests;
mod sending;

use jiff::Timestamp;

use super::*;
use crate::config::Secret;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event(outcome: EventOutcome) -> RunEvent {
    RunEvent {
        id: "run-1".to_owned(),
        strategy: "database_dump".to_owned(),
        started_at: time("2023-12-01T03:00:00Z"),
        outcome,
        warnings: Vec::new(),
        clock_doubt: None,
    }
}

fn started() -> RunEvent {
    event(EventOutcome::Started)
}

fn succeeded() -> RunEvent {
    event(EventOutcome::Succeeded {
        finished_at: time("2023-12-01T03:00:02.5Z"),
        duration_ms: 2500,
        artifact: EventArtifact {
            filename: "backup.dump".to_owned(),
            size: 1_572_864,
            sha256: "9f86d0".to_owned(),
            omissions: Vec::new(),
        },
        stores: vec!["minio".to_owned()],
        warnings: Vec::new(),
    })
}

fn failed() -> RunEvent {
    let error = crate::error::Error::run("command-failed", "pg_dump exited with 1")
        .hint("is the password right?");
    event(EventOutcome::Failed {
        finished_at: time("2023-12-01T03:00:02.5Z"),
        duration_ms: 2500,
        error: EventFailure::from(&error),
    })
}

fn webhook(url: &str, on: &[Event]) -> Receiver {
    let target = Target::Webhook(Secret::new(url));
    Receiver {
        on: on.to_vec(),
        target,
    }
}

fn healthcheck(url: &str) -> Receiver {
    Receiver {
        on: vec![Event::Start, Event::Success, Event::Failure],
        target: Target::Healthcheck(Secret::new(url)),
    }
}
