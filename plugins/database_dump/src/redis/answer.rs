//! Answers that are none.

use sidecar_sdk::Failure;

use crate::client::Client;

/// The failure for an error of the server, which the client prints with exit code 0.
pub(super) fn unexpected(client: &Client, answer: &str) -> Failure {
    let first = answer.lines().next().unwrap_or("nothing");
    let server = client.server();
    let hint = match first.starts_with("NOPERM") {
        true => {
            "ACL SETUSER the account +info +cluster|info +get +exists +sync +psync +replconf, and ~* for keys"
        }
        false => {
            "correct user and password in strategy.config.url or REDISCLI_AUTH in strategy.config.env"
        }
    };
    Failure::new(
        "unexpected-answer",
        format!("cannot ask {server}: the Redis server answers: {first}"),
    )
    .hint(hint)
}
