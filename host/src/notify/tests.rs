#![allow(clippy::unwrap_used, reason = "tests")]

mod requests;
mod sending;

use jiff::Timestamp;

use super::*;
use crate::config::Secret;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn news(outcome: Outcome) -> News {
    News {
        id: "run-1".to_owned(),
        strategy: "database_dump".to_owned(),
        started_at: time("2023-12-01T03:00:00Z"),
        outcome,
    }
}

fn started() -> News {
    news(Outcome::Started)
}

fn succeeded() -> News {
    news(Outcome::Succeeded {
        finished_at: time("2023-12-01T03:00:02.5Z"),
        artifact: Artifact {
            filename: "backup.dump".to_owned(),
            size: 1_572_864,
            sha256: "9f86d0".to_owned(),
        },
        stores: vec!["minio".to_owned()],
    })
}

fn failed() -> News {
    let error = crate::error::Error::run("command-failed", "pg_dump exited with 1")
        .hint("is the password right?");
    news(Outcome::Failed {
        finished_at: time("2023-12-01T03:00:02.5Z"),
        error: Failure::from(&error),
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
