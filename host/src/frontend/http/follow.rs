//! An export that begins before its run ends: sends the spool while it grows.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::body::{BodySender, Disconnected, Transfer};
use super::headers;
use crate::service::{Job, RunArtifact, RunState, SpoolReader};

/// Bytes that are sent last where a run does more than write its artifact. One by one, they keep the
/// client from giving up while it waits for the stores.
pub(super) const WITHHELD_BYTES: u64 = 4096;
/// Time between two of them: well below the 300 s after which the orchestrator gives up.
pub(super) const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// Sends what a run writes, the last `withheld` bytes only at its end. Only a run that has succeeded
/// ends the body; any other breaks the connection at once, however slow the client is.
pub(super) async fn follow(
    job: &Job,
    reader: SpoolReader,
    sender: BodySender,
    withheld: u64,
) -> Transfer {
    let sent = tokio::select! {
        biased;
        () = failed(job) => Err(Disconnected),
        sent = send(job, reader, &sender, withheld) => sent,
    };
    match sent {
        Ok(artifact) => sender.end(Some(headers::measure(&artifact))).await,
        Err(Disconnected) => sender.abort().await,
    }
}

/// Returns if the run ends without an artifact.
pub(super) async fn failed(job: &Job) {
    if job.over().await.state == RunState::Succeeded {
        pending().await
    }
}

/// Returns the artifact when all of it was sent.
async fn send(
    job: &Job,
    mut reader: SpoolReader,
    sender: &BodySender,
    withheld: u64,
) -> Result<RunArtifact, Disconnected> {
    let file = reader.file();
    let (mut written, mut sent, mut growing) = (0_u64, 0, true);
    let mut keep_alive = Instant::now() + KEEP_ALIVE_INTERVAL;
    let run = loop {
        // The first byte tells the client that the run makes an artifact.
        let ready = written.saturating_sub(withheld).max(written.min(1));
        if sent < ready {
            sender.send_file(&file, sent..ready).await?;
            sent = ready;
            keep_alive = Instant::now() + KEEP_ALIVE_INTERVAL;
        }
        tokio::select! {
            run = job.over() => break run,
            () = sender.disconnected() => return Err(Disconnected),
            more = reader.beyond(written), if growing => match more {
                Some(more) => written = more,
                None => growing = false,
            },
            () = sleep_until(keep_alive), if sent < written => {
                sender.send_file(&file, sent..sent + 1).await?;
                sent += 1;
                keep_alive = Instant::now() + KEEP_ALIVE_INTERVAL;
            }
        }
    };
    let artifact = run.artifact.ok_or(Disconnected)?;
    sender.send_file(&file, sent..artifact.size).await?;
    Ok(artifact)
}
